// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The ledger: accounts, atomic zero-sum transactions, and an id for every one of them.
//
// A transaction is applied whole or not at all; or it is a hold, which reserves all of its legs and
// is posted, voided or over later (settle/ledger/hold.h). What is looked at, in this order:
//   time and id   expired; seen before (the same verdict again, or the first difference)
//   form          entry point, number of legs, no zero leg, every asset sums to zero, horizon
//   authority     every owner agreed, but those of accounts that only receive a token
//   state         closed or frozen, overflow, limits, and the invariant of every margin account
//   that
//                 it weakens
// A refusal by time, id, form or authority leaves no trace. A refusal by state leaves balances
// bit-identical and remembers the id as failed, so that a late duplicate cannot succeed.
//
// What the invariant is told of a contract includes its open interest, before and after. Sums are
// exact: a transaction, of whatever class, or a hold is refused as kAmountOverflow if it could take
// the open interest of a contract, with all that is reserved, out of 128 bits.
//
// Transactions of a batch of which all but the last are `chained` succeed or fail together. Time
// and id are looked at of all members, then form and authority of each, then state once, by what
// all members come to. The member that is refused is told why and the others kChainFailed; of a
// refusal by state that is the last one that moves what cannot be moved, and its id alone fails.
//
//   Ledger<Unmargined, HostVouches, MyAccounts> ledger(options);
//   ledger.Advance(height, now);
//   ledger.Apply(batch, {.context = {}, .authority = {}, .witness = {}}, verdicts);
//
// Cost: one cache line for each id and two for each leg, fetched ahead over the batch; no
// allocation while tables have room.

#ifndef SETTLE_LEDGER_LEDGER_H_
#define SETTLE_LEDGER_LEDGER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/fingerprint.h"
#include "settle/base/integer.h"
#include "settle/base/revertible.h"
#include "settle/base/types.h"
#include "settle/ledger/account_settings.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/changes.h"
#include "settle/ledger/detail/account_table.h"
#include "settle/ledger/detail/hold_table.h"
#include "settle/ledger/detail/id_table.h"
#include "settle/ledger/detail/open_interest.h"
#include "settle/ledger/detail/touched.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

template <LedgerInvariant Invariant, Authority AuthorityPolicy, AccountPolicy Accounts>
class Ledger {
 public:
  using Context = typename Invariant::Context;
  using Witness = typename AuthorityPolicy::Witness;

  // By what a batch is judged: fixed for a block.
  struct Judgement {
    const Context& context;
    const AuthorityPolicy& authority;
    const Witness& witness;
  };

  explicit Ledger(LedgerOptions options, Invariant invariant = {}, Accounts accounts = {})
      : options_(options),
        invariant_(std::move(invariant)),
        policy_(accounts),
        accounts_(std::move(accounts), options.hash_seed),
        ids_(options.id_capacity, options.id_horizon, options.id_period, options.hash_seed),
        holds_(options.hold_capacity, options.hash_seed) {}

  // The block at `height` begins at log time `now`. Ids whose period has passed are dropped, and
  // timed holds that are over are released, by (expires_at, id).
  // Errors: kTimeWentBack, with nothing changed.
  Reason Advance(Height height, Timestamp now) {
    if (now < now_ || height < height_) return LedgerReason::kTimeWentBack;
    if (undo_.recording()) undo_.Record(Undo::OfTime(height_, now_, ids_.position()));
    height_ = height;
    now_ = now;
    ids_.Advance(now);
    ReleaseExpired();
    if (!undo_.recording()) TrimIds();
    return {};
  }

  // Applies chosen transactions and chains of them in order, each whole or not at all, and answers
  // one verdict each. The end of the batch ends every chain.
  // `contents` are their TransactionDigests; it may be empty for an authority that reads none.
  // Refuses every transaction as kWrongEntryPoint when the spans' lengths do not agree.
  void Apply(std::span<const TransactionView> batch, std::span<const Digest> contents,
             const Judgement& by, std::span<Verdict> verdicts);

  // The same for an authority that reads no digest.
  void Apply(std::span<const TransactionView> batch, const Judgement& by,
             std::span<Verdict> verdicts) requires(!AuthorityPolicy::kNeedsContent) {
    Apply(batch, {}, by, verdicts);
  }

  // Applies one compulsory transaction: judged by time, id, form and overflow alone. For the
  // library's own functions that make such transactions from certified inputs.
  Verdict ApplyCompulsory(const TransactionView& transaction) {
    Verdict verdict;
    ApplyCompulsory(transaction, verdict);
    return verdict;
  }

  // Applies one hold of a settlement, kHold with terms of HoldKind::kSettlement, judged as Apply
  // judges. For the participants of settlements, which see to it that a decision ends it.
  Verdict Reserve(const TransactionView& transaction, const Digest& content, const Judgement& by) {
    Verdict verdict;
    ApplyHold(ItemOf(transaction), {content, transaction, now_, 0}, by, HoldKind::kSettlement,
              verdict);
    return verdict;
  }
  // Posts or voids such a hold by the decision of its settlement, which the caller has verified:
  // kPost or kVoid of class kPromised. Judged by time, id and form alone.
  Verdict Resolve(const TransactionView& transaction) {
    Verdict verdict;
    EndHold(
        ItemOf(transaction), HoldKind::kSettlement, [](const detail::Hold&) { return Reason(); },
        verdict);
    return verdict;
  }

  // Sets what the account's flags and limits are from now on, and opens it if need be; moves
  // nothing. For what a quorum decides: who may set what is not asked here.
  // Errors: those of AccountSettings::Validate; kAccountHeld to close an account of which a
  // settlement reserves something, with nothing changed. Closing an account of which anything is
  // reserved reads every open hold.
  Reason Configure(const AccountSettings& settings);

  // The balance of an account; zero for one that was never opened.
  [[nodiscard]] Amount BalanceOf(const AccountKey& key) const {
    const std::uint32_t row = accounts_.Find(key, accounts_.HashOf(key));
    return row == detail::kNoRow ? Amount() : Amount(accounts_[row].balance);
  }
  // The sum of all balances of a contract that are above zero; zero for a token. Cost: a look-up.
  [[nodiscard]] Amount OpenInterestOf(AssetId contract) const {
    return IsContract(contract) ? Amount(accounts_.open_interest().Of(contract).open) : Amount();
  }

  // What became of an id that was remembered, until its period has passed: kRepeated or kRefused,
  // as a repetition would be answered; or nothing.
  [[nodiscard]] std::optional<Verdict> VerdictOf(const TransactionId& id) const;
  // The transaction that was applied under an id, until its period has passed; or nothing.
  [[nodiscard]] std::optional<Transaction> TransactionOf(const TransactionId& id) const;

  // What is reserved of an account.
  [[nodiscard]] Pending PendingOf(const AccountKey& key) const {
    const std::uint32_t row = accounts_.Find(key, accounts_.HashOf(key));
    return row == detail::kNoRow ? Pending() : accounts_.PendingOf(row);
  }
  // What was set of an account; nothing of one that was never opened.
  [[nodiscard]] AccountSettings SettingsOf(const AccountKey& key) const {
    const std::uint32_t row = accounts_.Find(key, accounts_.HashOf(key));
    if (row == detail::kNoRow) return {.account = key};
    const detail::Settings settings = accounts_.SettingsOf(row);
    return {key, settings.flags, settings.limits};
  }
  // The terms of an open hold, or nothing.
  [[nodiscard]] std::optional<HoldTerms> TermsOf(const TransactionId& hold) const {
    const detail::Hold* const open = holds_.Find(hold);
    return open == nullptr ? std::nullopt : std::optional(open->terms);
  }

  // Calls `visit(state)` for every account, in the order in which they were opened.
  template <typename Visit>
  void ForEachAccount(Visit&& visit) const {
    for (std::uint32_t row = 0; row < accounts_.size(); ++row) {
      visit(StateOf(row));
    }
  }

  // An open hold with what is left of it, or nothing.
  [[nodiscard]] std::optional<HoldContent> HoldOf(const TransactionId& hold) const {
    const detail::Hold* const open = holds_.Find(hold);
    return open == nullptr ? std::nullopt : std::optional(ContentOf(*open));
  }
  // Calls `visit(content)` for every open hold, in the order of their ids.
  template <typename Visit>
  void ForEachHold(Visit&& visit) const {
    holds_.ForEach([this, &visit](const detail::Hold& hold) { visit(ContentOf(hold)); });
  }
  // Calls `visit(period, state)` for every id that counts, as ForEachIdSince does.
  template <typename Visit>
  void ForEachId(Visit&& visit) const {
    IdState id;
    ids_.ForEach([&](const detail::IdRecord& record, const detail::LegsView& legs) {
      Describe(record, legs, id);
      visit(ids_.PeriodOf(record.valid_until), std::as_const(id));
    });
  }
  // The first period of log time in which an id could still count.
  [[nodiscard]] std::uint64_t first_id_period() const { return ids_.first_period(); }

  [[nodiscard]] const Invariant& invariant() const { return invariant_; }
  [[nodiscard]] const Accounts& policy() const { return policy_; }
  [[nodiscard]] std::size_t account_count() const { return accounts_.size(); }
  [[nodiscard]] std::size_t hold_count() const { return holds_.size(); }
  [[nodiscard]] std::size_t id_count() const { return ids_.counted(); }
  // How many transactions were applied since genesis: the index of the next receipt.
  [[nodiscard]] LogIndex next_index() const { return next_index_; }
  [[nodiscard]] Height height() const { return height_; }
  [[nodiscard]] Timestamp now() const { return now_; }

  void Reserve(std::size_t accounts, std::size_t ids) {
    accounts_.Reserve(accounts);
    ids_.Reserve(ids);
  }

  // Rollback, see settle/base/revertible.h.
  [[nodiscard]] Result<Mark> Begin() {
    (void)holds_.Begin();  // the same mark: both machines are marked together and never alone
    return undo_.Begin();
  }
  Reason RevertTo(Mark mark) {
    if (Reason reason = holds_.RevertTo(mark); !reason.ok()) return reason;
    return undo_.RevertTo(mark, [this](const Undo& undo) { Apply(undo); });
  }
  Reason Release(Mark mark) {
    if (Reason reason = holds_.Release(mark); !reason.ok()) return reason;
    Reason reason = undo_.Release(mark);
    if (reason.ok()) TrimIds();
    return reason;
  }

  // What was written since the mark, into `out`, whose memory is reused. Errors: kNoSuchMark.
  // Cost: linear in the writes; one cache line each.
  Reason ChangesSince(Mark mark, LedgerChanges& out);
  // Calls `visit(period, state)` for every id remembered since the mark whose period has not
  // passed, period by period, each in the order of their coming; `state`, an IdState, is good
  // during the call. Errors: kNoSuchMark.
  template <typename Visit>
  Reason ForEachIdSince(Mark mark, Visit&& visit) const;

  // The whole value, and a ledger from it: what is accepted is what State gives again. Errors of
  // Recover: kNotCanonical for an account or id that stands twice or out of order and for a refused
  // id with legs or a receipt or a hold with nothing left, kOutOfRange for a row, time or index
  // beyond the state's own or 2^63 receipts, kUnbalanced where the balances or a hold's legs of an
  // asset do not sum to zero, kAmountOverflow where a hold could not be posted or open interest is
  // beyond 128 bits, kExpiryTooFar, kIdTableFull, kHoldTableFull, kAccountHeld for a closed account
  // of which a settlement reserves something, and those of AccountState::Validate.
  [[nodiscard]] LedgerState State() const;
  [[nodiscard]] static Result<Ledger> Recover(const LedgerState& state, LedgerOptions options,
                                              Invariant invariant = {}, Accounts accounts = {});
  [[nodiscard]] Fingerprint fingerprint() const { return FingerprintOf(State()); }

 private:
  // How to undo one write.
  struct Undo {
    enum class What : std::uint8_t { kTime, kOpen, kBalance, kPending, kSettings, kId, kIndex };
    What what = What::kTime;
    std::uint32_t row = 0;
    std::uint32_t legs = 0;
    Int128 balance = 0;  // kPending: the debits; kSettings: the floor
    Int128 credits = 0;  // kSettings: the ceiling
    AccountFlags flags{};
    bool has_limits = false;
    Height height{};
    Timestamp time{};
    detail::IdTable::Position ids{};

    static Undo OfTime(Height height, Timestamp now, detail::IdTable::Position ids) {
      return {.what = What::kTime, .height = height, .time = now, .ids = ids};
    }
    static Undo OfOpen() { return {.what = What::kOpen}; }
    static Undo OfBalance(std::uint32_t row, std::uint32_t legs, Int128 balance) {
      return {.what = What::kBalance, .row = row, .legs = legs, .balance = balance};
    }
    static Undo OfPending(std::uint32_t row, const Pending& pending) {
      return {.what = What::kPending,
              .row = row,
              .balance = pending.debits.value(),
              .credits = pending.credits.value()};
    }
    static Undo OfSettings(std::uint32_t row, const detail::Settings& settings) {
      const Limits limits = settings.limits.value_or(Limits());
      return {.what = What::kSettings,
              .row = row,
              .balance = limits.floor.value(),
              .credits = limits.ceiling.value(),
              .flags = settings.flags,
              .has_limits = settings.limits.has_value()};
    }
    static Undo OfId(Timestamp valid_until) { return {.what = What::kId, .time = valid_until}; }
    static Undo OfIndex() { return {.what = What::kIndex}; }
  };

  [[nodiscard]] AccountState StateOf(std::uint32_t row) const { return accounts_.StateOf(row); }

  [[nodiscard]] HoldContent ContentOf(const detail::Hold& hold) const {
    HoldContent content{.id = hold.id, .terms = hold.terms, .legs = {}};
    for (const StoredLeg& leg : hold.legs) {
      (void)content.legs.Add({accounts_[leg.row].key, leg.amount});
    }
    return content;
  }

  struct Item {
    const TransactionView* view;
    std::uint64_t id_hash;
    std::span<const std::uint64_t> leg_hashes;
    std::span<std::uint32_t> leg_rows;  // what they may be, and what they are once summed
    [[nodiscard]] const TransactionView& transaction() const { return *view; }
  };

  // What a transaction would do to some balance that it touches.
  struct Projection {
    bool overflows = false;
    bool below_floor = false;    // and it falls
    bool above_ceiling = false;  // and it rises
    bool on_margin = false;      // it belongs to a margin account
    bool reserved = false;       // something of it is reserved
    bool on_contract = false;    // it is of a contract
    bool restricted = false;     // it is closed or frozen
  };

  // Account rows are fetched so many legs ahead of their use, and the index slots that lead to them
  // as many legs earlier.
  static constexpr std::size_t kFetch = 16;
  struct Ahead {
    std::size_t transaction = 0;  // the next one to fetch
    std::size_t leg = 0;          // its first leg among all of the batch
  };

  [[nodiscard]] static std::size_t EndOfChain(std::span<const TransactionView> batch,
                                              std::size_t begin);
  [[nodiscard]] static bool IsPlainlyChosen(const TransactionHeader& header) {
    return header.transaction_class == TransactionClass::kChosen &&
           header.rule == CompulsoryRule::kNone;
  }
  static void Refuse(Reason reason, Verdict& verdict) {
    verdict = {.disposition = Disposition::kRefused, .reason = reason};
  }

  void MakeRoom(std::span<const TransactionView> batch);
  void FetchSlots(std::span<const TransactionView> batch, std::size_t until, Ahead& at);
  void FetchRows(std::size_t from, std::size_t until);
  [[nodiscard]] Item ItemAt(std::span<const TransactionView> batch, std::size_t at,
                            std::size_t leg);
  void ListChain(std::span<const TransactionView> batch, std::size_t at, std::size_t leg);
  void ApplyChosen(const Item& item, const Intent& intent, const Judgement& by, Verdict& verdict);
  [[nodiscard]] Item ItemOf(const TransactionView& transaction);
  void ApplyCompulsory(const TransactionView& transaction, Verdict& verdict);
  [[nodiscard]] bool CheckIdentity(const Item& item, Verdict& verdict) const;
  [[nodiscard]] Reason SameContent(const TransactionView& transaction,
                                   const detail::IdRecord& record) const;
  [[nodiscard]] Reason SameRest(const TransactionView& transaction,
                                const detail::IdRecord& record) const;
  [[nodiscard]] Reason CheckForm(const TransactionView& transaction,
                                 std::size_t most_legs = kMaxLegs);
  [[nodiscard]] Reason CheckHorizon(const TransactionHeader& header) const;
  [[nodiscard]] detail::AssetSum ExchangeSum(const detail::AssetSum& sum, AssetId asset);
  Reason SumByAccount(const Item& item);
  [[nodiscard]] Projection Project();
  [[nodiscard]] bool ProjectInterest();
  [[nodiscard]] Reason CheckAuthority(const Intent& intent, const Judgement& by);
  [[nodiscard]] Reason CheckState(const Context& context);
  [[nodiscard]] LedgerReason CheckAccounts(Projection projection);
  [[nodiscard]] LedgerReason CheckRestrictions() const;
  void ListWeakened();
  [[nodiscard]] Reason CheckMargin(std::uint32_t margin_account, const Context& context);
  void CloseTo(std::size_t accounts);
  void Remember(const Item& item, Reason refusal, std::size_t accounts_before, Verdict& verdict);
  void RecordAccounts(std::size_t accounts_before);
  void Commit(const Item& item, std::size_t accounts_before, Verdict& verdict);
  void CommitBalances();
  void Conclude(const Item& item, Verdict& verdict);
  void Fill(detail::IdRecord& record, const TransactionHeader& header, Reason refusal) const;
  [[nodiscard]] static Verdict VerdictOn(const detail::IdRecord& record);
  void Describe(const detail::IdRecord& record, const detail::LegsView& legs, IdState& id) const;
  Reason RecoverId(const IdState& id);
  Reason RecoverHold(const HoldState& hold);

  // Chains: of the members in chain_.
  struct ChainRefusal {
    Reason reason{};
    std::size_t member = 0;
  };
  template <typename IntentOf>
  void ApplyChain(std::size_t position, IntentOf&& intent_of, const Judgement& by,
                  std::span<Verdict> verdicts);
  [[nodiscard]] bool CheckChainIdentity(std::span<Verdict> verdicts);
  [[nodiscard]] std::size_t FirstRepeatedId();
  template <typename IntentOf>
  [[nodiscard]] ChainRefusal CheckMembers(std::size_t position, IntentOf&& intent_of,
                                          const Judgement& by);
  [[nodiscard]] ChainRefusal SumChain(std::size_t& overflowing);
  [[nodiscard]] ChainRefusal CheckChainState(std::size_t overflowing, const Context& context);
  [[nodiscard]] bool IsRefused(const detail::Touched& touched, LedgerReason reason) const;
  [[nodiscard]] std::size_t LastRefused(LedgerReason reason);
  template <typename Test>
  [[nodiscard]] std::size_t LastMemberWith(Test&& test);

  // Holds.
  void ApplyOnHold(const Item& item, const Intent& intent, const Judgement& by, Verdict& verdict);
  void ApplyHold(const Item& item, const Intent& intent, const Judgement& by, HoldKind kind,
                 Verdict& verdict);
  template <typename Authorize>
  void EndHold(const Item& item, HoldKind kind, Authorize&& authorize, Verdict& verdict);
  [[nodiscard]] Reason CheckTerms(const TransactionView& transaction, HoldKind kind) const;
  [[nodiscard]] Reason CheckEnd(const TransactionView& transaction, bool other_kind);
  [[nodiscard]] Intent EndingIntent(Intent intent, const detail::Hold& hold);
  [[nodiscard]] Reason SumReserved(const Item& item);
  [[nodiscard]] Reason TakeParts(const Item& item, const detail::Hold& hold);
  [[nodiscard]] Projection ProjectReserved(Projection projection) const;
  [[nodiscard]] bool Receives(const detail::Touched& touched) const;
  [[nodiscard]] bool Falls(const detail::Touched& touched) const;
  [[nodiscard]] bool Rises(const detail::Touched& touched) const;
  [[nodiscard]] bool Weakens(const detail::Touched& touched,
                             const detail::AccountRow& account) const;
  [[nodiscard]] Pending PendingAfter(const detail::Touched& touched) const;
  void CommitPending();
  void ReleaseExpired();
  [[nodiscard]] bool PostsToClosed() const;
  [[nodiscard]] bool IsClosed(std::uint32_t row) const;
  [[nodiscard]] bool IsHeldBySettlement(std::uint32_t row) const;

  void TrimIds();
  void Apply(const Undo& undo);

  // Changes.
  [[nodiscard]] static bool IsOfAccount(const Undo& undo) {
    return undo.what == Undo::What::kBalance || undo.what == Undo::What::kPending ||
           undo.what == Undo::What::kSettings;
  }
  [[nodiscard]] static bool IsPosting(const Undo& undo) {
    return undo.what == Undo::What::kBalance && undo.legs != 0;
  }
  std::uint64_t CountEntries(std::span<const Undo> writes);

  LedgerOptions options_;
  [[no_unique_address]] Invariant invariant_;
  [[no_unique_address]] Accounts policy_;
  detail::AccountTable<Accounts> accounts_;
  detail::IdTable ids_;
  detail::HoldTable holds_;
  Height height_;
  Timestamp now_;
  LogIndex next_index_;
  UndoLog<Undo> undo_;

  // Scratch, no part of the value.
  detail::TouchedSet touched_;
  std::vector<std::uint64_t> id_hashes_;
  std::vector<std::uint64_t> leg_hashes_;
  std::vector<std::uint32_t> leg_rows_;
  std::vector<detail::AssetSum> sums_;  // of all assets but the last leg's
  detail::ProjectedInterest interest_;
  std::vector<OwnerId> owners_;
  std::vector<std::uint32_t> margin_accounts_;
  std::vector<BalanceView> before_;
  std::vector<BalanceView> after_;
  std::vector<Item> chain_;
  std::vector<std::pair<TransactionId, std::size_t>> chain_ids_;  // and whose they are
  std::vector<std::pair<std::uint32_t, int>> refused_rows_;       // and the way they may not go
  std::vector<StoredLeg> parts_;  // of a hold's legs, what is posted
  std::vector<StoredLeg> left_;   // and what is left
  std::vector<Leg> ending_legs_;  // for the resolver of a hold that is ended whole
};

SETTLE_NAMESPACE_END

#include "settle/ledger/detail/ledger_apply.h"
#include "settle/ledger/detail/ledger_batch.h"
#include "settle/ledger/detail/ledger_chain.h"
#include "settle/ledger/detail/ledger_changes.h"
#include "settle/ledger/detail/ledger_hold.h"
#include "settle/ledger/detail/ledger_interest.h"
#include "settle/ledger/detail/ledger_recover.h"
#include "settle/ledger/detail/ledger_settings.h"

#endif  // SETTLE_LEDGER_LEDGER_H_
