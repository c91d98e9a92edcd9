// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The steps of tests/margin/digest_run.h.

#ifndef SETTLE_TESTS_MARGIN_DIGEST_RUN_IMPL_H_
#define SETTLE_TESTS_MARGIN_DIGEST_RUN_IMPL_H_

#include "tests/margin/digest_run.h"

namespace settle::test {

inline DigestRun::DigestRun(const std::vector<Instrument>& instruments)
    : parameters_{.version = 1,
                  .profit_cap = Quanta(Int128{60'000}),
                  .withdrawal_profit_cap = Quanta(Int128{9'000}),
                  .instruments = *InstrumentTable::Create(kRunQuote, instruments)},
      prices_(parameters_.instruments),
      valuation_(parameters_, prices_) {
  for (std::uint32_t i = 0; i < kRunMarkets.size(); ++i) {
    (void)prices_.Set(parameters_.instruments, InstrumentIndex(i),
                      PriceTicks(kRunMarkets[i].price));
    valuation_.Update(InstrumentIndex(i));
  }
  BeginBlock();
  for (std::uint64_t owner = 1; owner <= kRunMembers; ++owner) {
    for (const std::uint32_t token : {0u, 6u, 7u}) {
      Booked& deposit = Next();
      (void)BookDeposit({.asset = TokenId(token),
                         .holder = {.owner = OwnerId::FromNumber(owner)},
                         .outside = {.owner = OwnerId::FromNumber(kRunOutside)},
                         .amount = Amount(Int128{token == 0 ? 40'000 : 30'000})},
                        deposit.legs);
      Submit(1);
    }
  }
}

inline void DigestRun::Step() {
  bytes_.Clear();
  if (++steps_ % 16 == 0) BeginBlock();
  const std::uint64_t kind = numbers_.Below(100);
  if (kind < 52) {
    Trade(/*as_hold=*/false);
  } else if (kind < 60) {
    Trade(/*as_hold=*/true);
  } else if (kind < 70) {
    EndHold();
  } else if (kind < 82) {
    BookPayment(Next());
    Submit(1);
  } else if (kind < 86) {
    Chain();
  } else if (kind < 89) {
    Repeat();
  } else if (kind < 91) {
    Spoil();
  } else if (kind < 96) {
    Fund();
  } else {
    SettleDaily();
  }
  Conclude();
}

// Log time goes on, two prices move, and owners' lots are counted anew.
inline void DigestRun::BeginBlock() {
  const std::uint64_t block = ledger_.height().value() + 1;
  bytes_.Add(ledger_.Advance(Height(block), Timestamp(block * 8)));
  for (int turn = 0; turn < 2; ++turn) {
    MovePrice(static_cast<std::uint32_t>(numbers_.Below(kRunMarkets.size())));
  }
  owner_lots_.Clear();
  const RunAccounts accounts;
  ledger_.ForEachAccount([&](const AccountState& account) {
    const auto group = accounts.GroupOf(account.key);
    const auto lots = LotsOf(account.balance);
    if (!group || !lots || !IsContract(account.key.asset)) return;
    owner_lots_.Add({account.key.owner, *group}, account.key.asset, *lots);
  });
}

// By up to 4 %, back towards where it began, and past zero where that is allowed.
inline void DigestRun::MovePrice(std::uint32_t index) {
  const Instrument& instrument = parameters_.instruments[InstrumentIndex(index)];
  const std::int64_t begin = kRunMarkets[index].price;
  const PricePair old = prices_.Of(InstrumentIndex(index));
  const auto step = static_cast<std::int64_t>(numbers_.Below(81)) - 40;
  std::int64_t mark = old.mark.value() + begin * step / 1'000 + (begin - old.mark.value()) / 50;
  if (index == 1 && numbers_.OneIn(40)) mark = static_cast<std::int64_t>(numbers_.Below(9)) - 4;
  if (mark < instrument.min_price.value()) mark = instrument.min_price.value();
  const std::int64_t slow_before = old.slow == kNoPrice ? begin : old.slow.value();
  const std::int64_t slow = (slow_before * 7 + mark) / 8;
  bytes_.Add(prices_.Set(parameters_.instruments, InstrumentIndex(index), PriceTicks(mark)));
  bytes_.Add(prices_.SetSlow(parameters_.instruments, InstrumentIndex(index), PriceTicks(slow)));
  valuation_.Update(InstrumentIndex(index));
  bytes_.Add(Int128{mark});
  bytes_.Add(Int128{slow});
}

// A transaction without legs yet.
inline DigestRun::Booked& DigestRun::Next() {
  Booked& booked = booked_[booked_count_++ % booked_.size()];
  booked.legs.Clear();
  booked.terms.reset();
  booked.header = {.id = TransactionId::FromNumber(++last_id_),
                   .valid_until = Timestamp(ledger_.now().value() + 200)};
  return booked;
}

// Any instrument between any two members, who may be one.
inline void DigestRun::BookTrade(Booked& out) {
  const auto index = static_cast<std::uint32_t>(numbers_.Below(kRunMarkets.size()));
  const std::uint32_t number = index + 1;
  const std::uint64_t most = number == kRunIsolatedContract ? kRunIsolated : kRunMembers;
  const std::uint64_t buyer = 1 + numbers_.Below(most);
  const std::uint64_t seller = 1 + numbers_.Below(most);
  member_ = buyer;
  if (index < 5) {
    TradeParties parties{.assets = AssetsOf(number),
                         .buyer = SideOf(buyer, number),
                         .seller = SideOf(seller, number)};
    if (numbers_.OneIn(8)) parties.house = HolderOf(kRunHouse, number);
    BookContract(out, parties, number);
  } else {
    const Instrument& token = parameters_.instruments[InstrumentIndex(index)];
    const auto units = static_cast<Int128>(1 + numbers_.Below(kRunMarkets[index].size));
    const Int128 price = prices_.Get(InstrumentIndex(index)).value();
    const Int128 value = units * price * token.multiplier / token.collateral.lot_size;
    bytes_.Add(BookSpotTrade({.base = token.asset,
                              .quote = kRunQuote,
                              .buyer = {.owner = OwnerId::FromNumber(buyer)},
                              .seller = {.owner = OwnerId::FromNumber(seller)},
                              .house = std::nullopt,
                              .amount = Amount(units),
                              .value = Amount(value)},
                             out.legs));
  }
  if (!numbers_.OneIn(3)) return;
  const std::uint64_t fees = numbers_.OneIn(4) ? kRunPool : kRunFees;
  bytes_.Add(BookFee({.asset = kRunQuote,
                      .payer = {.owner = OwnerId::FromNumber(buyer)},
                      .fees = {.owner = OwnerId::FromNumber(fees)},
                      .amount = Amount(static_cast<Int128>(1 + numbers_.Below(5)))},
                     out.legs));
}

inline void DigestRun::BookContract(Booked& out, const TradeParties& parties,
                                    std::uint32_t contract) {
  const InstrumentIndex index(contract - 1);
  const Instrument& instrument = parameters_.instruments[index];
  const auto lots = Amount(static_cast<Int128>(1 + numbers_.Below(kRunMarkets[contract - 1].size)));
  const std::int64_t mark = prices_.Get(index).value();
  std::int64_t price = mark + mark * (static_cast<std::int64_t>(numbers_.Below(41)) - 20) / 1'000;
  if (price < instrument.min_price.value()) price = instrument.min_price.value();
  const Int128 value = lots.value() * price * instrument.multiplier;
  if (instrument.kind == InstrumentKind::kInverse) {
    bytes_.Add(BookInverseTrade({.parties = parties,
                                 .lots = lots,
                                 .price = {.multiplier = instrument.multiplier, .price = price}},
                                out.legs)
                   .reason());
  } else if (instrument.kind == InstrumentKind::kOption) {
    bytes_.Add(BookOptionTrade({.assets = parties.assets,
                                .buyer = parties.buyer.holder,
                                .seller = parties.seller.holder,
                                .house = parties.house,
                                .lots = lots,
                                .premium = Amount(value)},
                               out.legs));
  } else {
    bytes_.Add(
        BookContractTrade({.parties = parties, .lots = lots, .value = Amount(value)}, out.legs)
            .reason());
  }
}

// In, out, or between a member's two margin accounts.
inline void DigestRun::BookPayment(Booked& out) {
  const std::uint64_t owner = member_ = AnyMember();
  const auto amount = Amount(static_cast<Int128>(1 + numbers_.Below(8'000)));
  CashMovement movement{.asset = numbers_.OneIn(4) ? TokenId(6) : kRunQuote,
                        .holder = {.owner = OwnerId::FromNumber(owner)},
                        .outside = {.owner = OwnerId::FromNumber(kRunOutside)},
                        .amount = amount};
  if (owner <= kRunIsolated && numbers_.OneIn(2)) {
    movement.asset = kRunQuote;
    movement.holder.compartment = Compartment(kRunIsolatedContract);
    movement.outside = {.owner = OwnerId::FromNumber(owner)};
  }
  // A little more comes in than goes out: what is lost to fees must come from somewhere.
  const bool is_in = numbers_.Below(100) < 53;
  bytes_.Add(is_in ? BookDeposit(movement, out.legs) : BookWithdrawal(movement, out.legs));
}

inline void DigestRun::Trade(bool as_hold) {
  Booked& trade = Next();
  BookTrade(trade);
  if (as_hold) {
    trade.header.action = TransactionAction::kHold;
    trade.terms = HoldTerms{.in_parts = numbers_.OneIn(4),
                            .expires_at = Timestamp(ledger_.now().value() + 1 + numbers_.Below(90)),
                            .resolver = OwnerId::FromNumber(kRunHouse)};
  }
  const bool is_applied = Submit(1);
  if (as_hold && is_applied) holds_.push_back(trade.header.id);
  if (holds_.size() > 16) holds_.erase(holds_.begin());
}

// Two trades that happen together or not at all.
inline void DigestRun::Chain() {
  booked_count_ = 0;
  Booked& first = Next();
  BookTrade(first);
  first.header.chained = true;
  BookTrade(Next());
  Submit(2);
}

inline void DigestRun::EndHold() {
  Booked& end = Next();
  const bool is_post = !numbers_.OneIn(3);
  end.header.transaction_class = TransactionClass::kPromised;
  end.header.action = is_post ? TransactionAction::kPost : TransactionAction::kVoid;
  if (holds_.empty()) {
    end.header.target = TransactionId::FromNumber(7);
  } else {
    const auto at = static_cast<std::ptrdiff_t>(numbers_.Below(holds_.size()));
    end.header.target = holds_[static_cast<std::size_t>(at)];
    if (!numbers_.OneIn(4)) holds_.erase(holds_.begin() + at);
  }
  Submit(1);
}

// The last transaction once more, or another under its id.
inline void DigestRun::Repeat() {
  Booked& again = booked_[(booked_count_ + 1) % booked_.size()];
  again.header.chained = false;
  if (numbers_.OneIn(3)) again.header.valid_until = Timestamp(again.header.valid_until.value() + 1);
  booked_count_ = static_cast<std::size_t>(&again - booked_.data()) + 1;
  Submit(1);
}

// What the ledger refuses by its form or time.
inline void DigestRun::Spoil() {
  Booked& bad = Next();
  BookTrade(bad);
  if (numbers_.OneIn(2)) {
    bad.header.valid_until = ledger_.now();
  } else {
    (void)bad.legs.Add({OwnerId::FromNumber(1), kCash, kRunQuote}, Amount(Int128{1}));
  }
  Submit(1);
}

// A member pays, or is paid, what accrued of one perpetual.
inline void DigestRun::Fund() {
  const std::uint64_t owner = member_ = AnyMember();
  const std::uint32_t contract = numbers_.OneIn(3) ? 3 : 1 + numbers_.OneIn(2);
  const auto move = static_cast<std::int64_t>(numbers_.Below(3'000'001)) - 1'500'000;
  FundingPerLot& now = funding_now_[contract];
  now = FundingPerLot(now.parts() + move);
  FundingPerLot& since = funding_since_[static_cast<std::size_t>(owner)][contract];
  Booked& payment = Next();
  const Result<Amount> paid =
      BookFunding({.quote = kRunQuote,
                   .holder = {.owner = OwnerId::FromNumber(owner)},
                   .funding = {.owner = OwnerId::FromNumber(kRunFunding)},
                   .lots = ledger_.BalanceOf(HolderOf(owner, contract).In(ContractId(contract))),
                   .since = since,
                   .now = now},
                  payment.legs);
  bytes_.Add(paid.reason());
  since = now;
  SubmitCompulsory(CompulsoryRule::kFunding);
}

inline void DigestRun::SettleDaily() {
  const std::uint32_t contract = static_cast<std::uint32_t>(1 + numbers_.Below(3));
  member_ = AnyMember();
  const TradeSide side = SideOf(member_, contract);
  const InstrumentIndex index(contract - 1);
  const Instrument& instrument = parameters_.instruments[index];
  const Int128 mark = prices_.Get(index).value();
  Booked& settlement = Next();
  const Result<PositionEffect> effect =
      instrument.kind == InstrumentKind::kInverse
          ? BookInverseDailySettlement(
                {.assets = AssetsOf(contract),
                 .position = side,
                 .price = {.multiplier = instrument.multiplier, .price = mark}},
                settlement.legs)
          : BookDailySettlement({.assets = AssetsOf(contract),
                                 .position = side,
                                 .price = Amount(mark * instrument.multiplier)},
                                settlement.legs);
  bytes_.Add(effect.reason());
  SubmitCompulsory(CompulsoryRule::kVariation);
}

// Applies the last `count` transactions that were booked, in the order of their storage; true when
// the first is applied.
inline bool DigestRun::Submit(std::size_t count) {
  const std::size_t first = (booked_count_ - count) % booked_.size();
  std::array<TransactionView, 2> views;
  std::array<Verdict, 2> verdicts;
  for (std::size_t i = 0; i < count; ++i) views[i] = booked_[first + i].view();
  const MarginContext by = context();
  ledger_.Apply(std::span(views).first(count), {.context = by, .authority = {}, .witness = {}},
                std::span(verdicts).first(count));
  for (std::size_t i = 0; i < count; ++i) {
    Note(verdicts[i]);
    NoteAccounts(views[i].legs);
  }
  return verdicts[0].ok();
}

inline void DigestRun::SubmitCompulsory(CompulsoryRule rule) {
  Booked& booked = booked_[(booked_count_ - 1) % booked_.size()];
  booked.header.transaction_class = TransactionClass::kCompulsory;
  booked.header.rule = rule;
  Note(ledger_.ApplyCompulsory(booked.view()));
  NoteAccounts(booked.legs.view());
}

inline void DigestRun::Note(const Verdict& verdict) {
  bytes_.Add(static_cast<std::uint64_t>(verdict.disposition));
  bytes_.Add(verdict.reason);
  bytes_.Add(verdict.index.value());
  bytes_.Add(verdict.height.value());
  bytes_.Add(verdict.time.value());
  applied_ += verdict.disposition == Disposition::kApplied ? 1 : 0;
  repeated_ += verdict.disposition == Disposition::kRepeated ? 1 : 0;
  if (verdict.ok()) return;
  ++refused_;
  if (verdict.reason.module() == Module::kMargin) ++refused_for_margin_;
}

// What the legs' accounts hold and reserve now.
inline void DigestRun::NoteAccounts(std::span<const Leg> legs) {
  for (const Leg& leg : legs) {
    const Pending pending = ledger_.PendingOf(leg.account);
    bytes_.Add(ledger_.BalanceOf(leg.account).value());
    bytes_.Add(pending.debits.value());
    bytes_.Add(pending.credits.value());
  }
}

// The risk of a member, of both margin accounts where there are two.
inline void DigestRun::NoteRisk(std::uint64_t owner) {
  views_.clear();
  for (const std::uint32_t token : {0u, 6u, 7u}) AddView(owner, {}, TokenId(token));
  for (std::uint32_t contract = 1; contract <= 5; ++contract) {
    if (contract == kRunIsolatedContract) {
      NoteRiskOf({.owner = OwnerId::FromNumber(owner), .group = MarginGroup(0)});
      views_.clear();
      if (owner > kRunIsolated) return;
    }
    AddView(owner, Compartment(contract), ContractId(contract));
    AddView(owner, Compartment(contract), kRunQuote);
  }
  NoteRiskOf({.owner = OwnerId::FromNumber(owner), .group = MarginGroup(1)});
}

inline void DigestRun::AddView(std::uint64_t owner, Compartment compartment, AssetId asset) {
  const AccountKey key{OwnerId::FromNumber(owner), compartment, asset};
  const Pending pending = ledger_.PendingOf(key);
  views_.push_back({.compartment = compartment,
                    .asset = asset,
                    .posted = ledger_.BalanceOf(key),
                    .pending_debits = pending.debits,
                    .pending_credits = pending.credits,
                    .open_interest = ledger_.OpenInterestOf(asset)});
}

inline void DigestRun::NoteRiskOf(const MarginAccountId& id) {
  const Result<Risk> risk = Evaluate<ExactPpm>(context(), {.id = id, .balances = views_});
  bytes_.Add(risk.reason());
  if (!risk.ok()) return;
  bytes_.Add(risk->equity.value());
  bytes_.Add(risk->maintenance.value());
  bytes_.Add(risk->initial_headroom.value());
}

// The step is hashed onto those before it, with the risk of a member that it was about; every
// 1,000th with all balances and all risks.
inline void DigestRun::Conclude() {
  NoteRisk(member_);
  if (steps_ % 1'000 == 0) {
    ledger_.ForEachAccount(
        [this](const AccountState& account) { bytes_.Add(account.balance.value()); });
    for (std::uint64_t owner = 1; owner <= kRunMembers; ++owner) NoteRisk(owner);
  }
  const Sha256 hasher;
  digest_ = hasher.Hash(digest_.view(), bytes_.view());
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_DIGEST_RUN_IMPL_H_
