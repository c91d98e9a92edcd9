// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a host keeps beside margin parameters, as it comes from strangers: the schedule of those
// that are announced, prices, and margin calls.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/integer.h"
#include "settle/margin/margin_call.h"
#include "settle/margin/parameter_schedule.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "tests/fuzz/fuzz_target.h"

namespace settle::test {
namespace {

int FuzzParameterSchedule(const std::uint8_t* data, std::size_t size) {
  ParameterSchedule schedule;
  MarginCall call;
  MarkPrices prices;
  bool violated = false;
  (void)DecodesCanonically(InputOf(data, size), call, violated);
  (void)DecodesCanonically(InputOf(data, size), prices, violated);
  const bool decoded = DecodesCanonically(InputOf(data, size), schedule, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const std::size_t announced = schedule.announced().size();
  return schedule.Advance(Timestamp(kMax<std::uint64_t>)) == announced &&
                 schedule.announced().empty()
             ? 0
             : 2;
}

std::vector<std::vector<std::byte>> Seeds() {
  MarginParameters parameters{.version = 1};
  std::vector<std::vector<std::byte>> seeds = {Encode(MarginCall()), Encode(MarkPrices())};
  Result<ParameterSchedule> schedule = ParameterSchedule::Create(parameters);
  if (!schedule.ok()) return seeds;
  for (std::uint64_t version = 2; version <= 4; ++version) {
    parameters.version = version;
    parameters.effective_from = Timestamp(10 * version);
    (void)schedule->Announce(parameters, Timestamp(1));
    seeds.push_back(Encode(*schedule));
  }
  return seeds;
}

const FuzzTarget kTarget("ParameterSchedule", FuzzParameterSchedule, Seeds);

}  // namespace
}  // namespace settle::test
