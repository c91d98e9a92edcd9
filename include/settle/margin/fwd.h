// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Forward declarations of margin/.

#ifndef SETTLE_MARGIN_FWD_H_
#define SETTLE_MARGIN_FWD_H_

#include <cstdint>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

enum class MarginReason : std::uint16_t;
struct LinearPerpetual;
class InstrumentTable;
class MarkPrices;
struct MarginContext;
struct ExactPpm;
struct RiskSum;
struct Risk;

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_FWD_H_
