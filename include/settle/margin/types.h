// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The units of margin: every number says what it counts.
//
// An instrument fixes integers so that one lot moving one tick is worth a whole number of quote
// quanta. Then a notional is exact, and so is all that is added up from notionals; a rate in parts
// per million makes it millionths of a quantum. What has to be rounded says in which direction:
// requirements up, what counts for an account down.

#ifndef SETTLE_MARGIN_TYPES_H_
#define SETTLE_MARGIN_TYPES_H_

#include <cstdint>
#include <optional>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/strong.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

struct PriceTicksTag : Additive {};
// A price in the instrument's smallest steps.
using PriceTicks = Strong<PriceTicksTag, std::int64_t>;
// Stands where there is no price yet; no instrument allows it.
inline constexpr PriceTicks kNoPrice{kMin<std::int64_t>};

struct LotsTag : Additive {};
// A position in the instrument's smallest size: positive long, negative short.
using Lots = Strong<LotsTag, std::int64_t>;

struct QuantaTag : Additive {};
// The smallest units of the quote asset.
using Quanta = Strong<QuantaTag, Int128>;

// The greatest notional of one position. Times a rate it is below 2^116, so that the requirements
// of 1,024 positions of this size, and charges beside them, still add up in 128 bits.
inline constexpr Quanta kMaxNotional{Int128{1} << 96};

struct MicroQuantaTag : Additive {};
// Millionths of a quantum: a notional times a rate in parts per million, exact.
using MicroQuanta = Strong<MicroQuantaTag, Int128>;
inline constexpr std::int64_t kMicroPerQuantum = 1'000'000;

// The greatest value of one lot: twice that many millionths are 64 bits, so that what a position
// demands is one product of its lots. Smaller lots make room for a finer quantum.
inline constexpr Quanta kMaxLotValue{Int128{kMax<std::int64_t> / (2 * kMicroPerQuantum)}};

struct FundingIndexTag : Additive {};
// What one lot held long since the instrument began has paid in funding, in millionths of a
// quantum.
using FundingIndex = Strong<FundingIndexTag, Int128>;

struct InstrumentIndexTag : Identifier {};
// The place of an instrument in its table.
using InstrumentIndex = Strong<InstrumentIndexTag, std::uint32_t>;

// A position in an instrument of a table that is no token.
struct MarginPosition {
  InstrumentIndex instrument{};
  Lots lots{};
  Quanta quote{};        // the balance beside them
  Lots open_interest{};  // of all accounts; 0 or above
  Lots elsewhere{};      // |lots| of the same owner in other margin accounts; 0 or above
  using Fields = Members<&MarginPosition::instrument, &MarginPosition::lots, &MarginPosition::quote,
                         &MarginPosition::open_interest, &MarginPosition::elsewhere>;
};

// The lots that the balance of a contract counts; nothing beyond 64 bits.
[[nodiscard]] constexpr std::optional<Lots> LotsOf(Amount balance) {
  return detail::Wrap<Lots>(CheckedCast<std::int64_t>(balance.value()));
}
// The quanta that the balance of a token counts.
[[nodiscard]] constexpr Quanta QuantaOf(Amount balance) { return Quanta(balance.value()); }

[[nodiscard]] constexpr Amount AmountOf(Lots lots) { return Amount(Int128{lots.value()}); }
[[nodiscard]] constexpr Amount AmountOf(Quanta quanta) { return Amount(quanta.value()); }

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_TYPES_H_
