// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// One position in all scenarios, alone in its object: see vectorised.py.

#include <cstdint>
#include <span>

#include "settle/margin/scenario_margin.h"

namespace settle {

template void AddScenarioRow<std::int64_t>(std::int64_t lots, std::span<const std::int64_t> row,
                                           std::span<std::int64_t> columns);

}  // namespace settle
