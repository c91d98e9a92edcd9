// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Forward declarations of margin/.

#ifndef SETTLE_MARGIN_FWD_H_
#define SETTLE_MARGIN_FWD_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

enum class MarginReason : std::uint16_t;
enum class InstrumentKind : std::uint8_t;
struct Requirement;
struct RequirementCurve;
struct CollateralTerms;
struct Instrument;
class InstrumentTable;
struct MarginParameters;
class MarkPrices;
class Valuation;
class OwnerLots;
class DenseBook;
struct MarginPosition;
struct MarginContext;
struct PendingTrade;
struct PendingSums;
struct OrderFill;
struct ExactPpm;
struct CeilPerLeg;
template <typename Policy = ExactPpm>
class AccountBook;
struct RiskSum;
struct Risk;
struct PortfolioTerms;
struct ScenarioTerms;
struct RiskRow;
class RiskArrays;
struct RiskArraysStatement;
struct ParametersStatement;
class ParameterSchedule;
struct RiskPreview;
enum class MarginCallState : std::uint8_t;
struct MarginCallTerms;
struct MarginCall;
struct ScenarioPosition;
struct PortfolioRisk;
template <std::size_t kScenarios = 256, std::size_t kMonths = 64, std::size_t kStrikes = 256>
class ScenarioSum;

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_FWD_H_
