// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Lets every unit make, change, describe and destroy what another made, and expects one outcome.

#include <cstdio>
#include <utility>

#include "tests/rules/mixed/world.h"

namespace settle::test {
namespace {

// Whether everything that a change does was done.
bool Complete(const World& world) {
  return world.released.size() == 2 && world.decoded.ok() && world.verdicts.size() == 1 &&
         world.verdicts[0].ok() && world.receipts.size() == 1 && world.collector &&
         !world.votes.empty() && world.votes[0] == VoteOutcome::kCertified;
}

int Run() {
  const std::vector<Unit> units = {PlainUnit(), OptimizedUnit()};
  if (units[0].layout() != units[1].layout()) {
    std::printf("a type's layout differs between %s and %s\n", units[0].name.c_str(),
                units[1].name.c_str());
    return 1;
  }
  std::optional<std::vector<std::byte>> expected;
  int combinations = 0;
  for (const Unit& maker : units) {
    for (const Unit& changer : units) {
      for (const Unit& describer : units) {
        std::unique_ptr<World> world = maker.make();
        changer.change(*world);
        const std::vector<std::byte> found = describer.describe(*world);
        if (found != expected.value_or(found) || !Complete(*world)) {
          std::printf("made by %s, changed by %s, described by %s: other bytes\n",
                      maker.name.c_str(), changer.name.c_str(), describer.name.c_str());
          return 1;
        }
        expected = found;
        changer.destroy(std::move(world));
        ++combinations;
      }
    }
  }
  std::printf("%d combinations of two builds, one outcome of %zu bytes\n", combinations,
              expected->size());
  return combinations == 8 ? 0 : 1;
}

}  // namespace
}  // namespace settle::test

int main() { return settle::test::Run(); }
