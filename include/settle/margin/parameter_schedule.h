// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Parameters of margin over time: the set in force, and those announced to follow it.
//
// A change of margin is announced before it takes effect, so that nobody is surprised by a call,
// and both sets can be computed before the day. Each set has the version after the one before it
// and a later instant; it applies from that instant on, itself included, until the next one's. The
// validators sign a ParametersStatement with the digest of the record, and a host announces only
// parameters whose digest they signed.
//
//   ParameterSchedule schedule = *ParameterSchedule::Create(parameters);
//   ParametersStatement statement = StatementOf(raised, hasher.Hash(EncodeRecord(raised)));
//   BytesToSign(domain, statement);        // settle/crypto/statement.h
//   Reason reason = schedule.Announce(raised, now);
//   ...
//   if (schedule.Advance(time) > 0) ...    // another set is in force: make valuations anew
//
// Who will be short of margin is known from the announcement on, at the prices of today:
//
//   const MarginParameters& next = schedule.announced()[0];
//   const MarkPrices carried = CarryPrices(now_table, prices, next.instruments);
//   const Valuation then(next, carried);
//   Result<RiskPreview> preview = Preview<ExactPpm>({.valuation = now}, {.valuation = then},
//   account); if (preview.ok() && BecomesLiquidatable(*preview)) ...

#ifndef SETTLE_MARGIN_PARAMETER_SCHEDULE_H_
#define SETTLE_MARGIN_PARAMETER_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/invariant.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxAnnouncedParameters = 4;

// What validators sign: from this instant on, the parameters are those of this version, whose
// record has this digest.
struct ParametersStatement {
  std::uint64_t version = 0;
  Timestamp effective_from;
  Digest parameters{};
  static constexpr Kind SignedKind() { return Kind::kParametersStatement; }
  using Fields = Members<&ParametersStatement::version, &ParametersStatement::effective_from,
                         &ParametersStatement::parameters>;
};

// The statement for `parameters`, whose record (EncodeRecord) has `digest`. Parameters are those of
// a certified statement when this one is equal to it.
[[nodiscard]] inline ParametersStatement StatementOf(const MarginParameters& parameters,
                                                     const Digest& digest) {
  return {.version = parameters.version,
          .effective_from = parameters.effective_from,
          .parameters = digest};
}

class ParameterSchedule {
 public:
  static constexpr Kind kKind = Kind::kParameterSchedule;
  static constexpr std::uint16_t kVersion = 1;

  // Version 0 since the beginning of time, without instruments.
  ParameterSchedule() = default;

  // With these in force, and nothing announced. Errors: those of MarginParameters::Validate.
  [[nodiscard]] static Result<ParameterSchedule> Create(MarginParameters parameters) {
    if (Reason reason = parameters.Validate(); !reason.ok()) return reason;
    ParameterSchedule schedule;
    schedule.in_force_ = std::move(parameters);
    return schedule;
  }

  // By what accounts are judged since the last Advance. Announce leaves it where it is.
  [[nodiscard]] const MarginParameters& in_force() const { return in_force_; }
  // What follows, the next one first. No longer there after Announce and Advance.
  [[nodiscard]] std::span<const MarginParameters> announced() const { return announced_; }

  // Appends what takes effect after all that is known. Errors, with nothing changed: those of
  // MarginParameters::Validate, kWrongVersion, kNotInFuture when they would apply at `now` or
  // before, kNotAfterLast, kScheduleFull. O(size of the parameters).
  [[nodiscard]] Reason Announce(MarginParameters parameters, Timestamp now) {
    if (Reason reason = parameters.Validate(); !reason.ok()) return reason;
    const MarginParameters& last = announced_.empty() ? in_force_ : announced_[size() - 1];
    if (!IsNextVersion(last, parameters)) return MarginReason::kWrongVersion;
    if (parameters.effective_from <= now) return MarginReason::kNotInFuture;
    if (parameters.effective_from <= last.effective_from) return MarginReason::kNotAfterLast;
    return announced_.Add(std::move(parameters)) ? Reason() : MarginReason::kScheduleFull;
  }

  // Puts in force what is due at `now`, and answers how many announced sets that were: of several
  // the last one is in force. An instant before those in force changes nothing. O(size of the
  // parameters) when something is due.
  std::size_t Advance(Timestamp now) {
    const std::size_t due = DueAt(now);
    if (due == 0) return 0;
    in_force_ = std::move(announced_[due - 1]);
    for (std::size_t i = due; i < size(); ++i) announced_[i - due] = std::move(announced_[i]);
    for (std::size_t i = 0; i < due; ++i) announced_.PopBack();
    return due;
  }

  // The parameters that apply at `time`; nullptr before those in force took effect, which is
  // forgotten. They stay where they are until the next Announce or Advance.
  [[nodiscard]] const MarginParameters* At(Timestamp time) const {
    const std::size_t due = DueAt(time);
    if (due > 0) return &announced_[due - 1];
    return in_force_.effective_from <= time ? &in_force_ : nullptr;
  }

  // Versions that follow each other and instants that rise. The parameters themselves are valid:
  // decoding has asked each. Errors: kWrongVersion, kNotAfterLast.
  [[nodiscard]] Reason Validate() const {
    const MarginParameters* last = &in_force_;
    for (const MarginParameters& next : announced_) {
      if (!IsNextVersion(*last, next)) return MarginReason::kWrongVersion;
      if (next.effective_from <= last->effective_from) return MarginReason::kNotAfterLast;
      last = &next;
    }
    return {};
  }

 private:
  [[nodiscard]] static bool IsNextVersion(const MarginParameters& last,
                                          const MarginParameters& next) {
    return CheckedAdd(last.version, std::uint64_t{1}) == next.version;
  }
  [[nodiscard]] std::size_t size() const { return announced_.size(); }
  // How many of the announced ones apply at `time` or did before.
  [[nodiscard]] std::size_t DueAt(Timestamp time) const {
    std::size_t due = 0;
    while (due < size() && announced_[due].effective_from <= time) ++due;
    return due;
  }

  MarginParameters in_force_;
  Bounded<MarginParameters, kMaxAnnouncedParameters> announced_;

 public:
  using Fields = Members<&ParameterSchedule::in_force_, &ParameterSchedule::announced_>;
};

// The prices, by `from`, of the instruments that `to` lists too, at their places there. One that is
// new, one whose ticks or lots count something else, or one of whose prices `to` does not allow,
// has none. O(instruments).
[[nodiscard]] inline MarkPrices CarryPrices(const InstrumentTable& from, const MarkPrices& prices,
                                            const InstrumentTable& to) {
  MarkPrices carried(to);
  for (std::uint32_t i = 0; i < to.size(); ++i) {
    const InstrumentIndex index(i);
    const auto old = from.FindByAsset(to[index].asset);
    if (!old || from[*old].kind != to[index].kind ||
        from[*old].multiplier != to[index].multiplier ||
        from[*old].collateral.lot_size != to[index].collateral.lot_size) {
      continue;
    }
    const PricePair pair = prices.Of(*old);
    const bool is_allowed = carried.Set(to, index, pair.mark).ok() &&
                            (pair.slow == kNoPrice || carried.SetSlow(to, index, pair.slow).ok());
    if (!is_allowed) carried.Clear(index);
  }
  return carried;
}

// The risk of one account under the parameters in force and under the next.
struct RiskPreview {
  Risk now{};
  Risk next{};
  using Fields = Members<&RiskPreview::now, &RiskPreview::next>;
};

// Initial margin holds and will not.
[[nodiscard]] constexpr bool LosesInitialMargin(const RiskPreview& preview) {
  return InitialMarginHolds(preview.now) && !InitialMarginHolds(preview.next);
}

// The account is not liquidatable and will be.
[[nodiscard]] constexpr bool BecomesLiquidatable(const RiskPreview& preview) {
  return !IsLiquidatable(preview.now) && IsLiquidatable(preview.next);
}

// Both risks of an account. Errors: those of Evaluate, first under `now`; for an account that can
// be judged now, they say why it cannot be judged then. Two evaluations.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<RiskPreview> Preview(const MarginContext& now, const MarginContext& next,
                                          const OwnerView& account) {
  const Result<Risk> risk = Evaluate<Requirement>(now, account);
  if (!risk.ok()) return risk.reason();
  const Result<Risk> then = Evaluate<Requirement>(next, account);
  if (!then.ok()) return then.reason();
  return RiskPreview{.now = *risk, .next = *then};
}

// The same of an account's cash and positions. Errors: kUnknownInstrument besides, for a position
// whose instrument the two tables have at different places.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<RiskPreview> Preview(const MarginContext& now, const MarginContext& next,
                                          Quanta cash, std::span<const MarginPosition> positions) {
  const Result<Risk> risk = Evaluate<Requirement>(now, cash, positions);
  if (!risk.ok()) return risk.reason();
  const InstrumentTable& then_table = next.valuation.instruments();
  for (const MarginPosition& position : positions) {
    const Instrument& instrument = now.valuation.instruments()[position.instrument];
    if (then_table.FindByAsset(instrument.asset) != position.instrument) {
      return MarginReason::kUnknownInstrument;
    }
  }
  const Result<Risk> then = Evaluate<Requirement>(next, cash, positions);
  if (!then.ok()) return then.reason();
  return RiskPreview{.now = *risk, .next = *then};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_PARAMETER_SCHEDULE_H_
