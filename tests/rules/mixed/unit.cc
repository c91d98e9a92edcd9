// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Compiled twice, with SETTLE_MIXED_UNIT naming the function that gives out this unit and with
// different flags.

#include <utility>

#include "tests/rules/mixed/world.h"

namespace settle::test {
namespace {

// Where each member of a world lies, and how large it is.
std::vector<std::size_t> Layout() {
  const World world;
  std::vector<std::size_t> layout = {sizeof(World), alignof(World), sizeof(Effect<MachineTypes>),
                                     sizeof(Result<Record>), sizeof(Reason)};
  const auto add = [&](const auto& member) {
    layout.push_back(static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&member) -
                                              reinterpret_cast<const std::byte*>(&world)));
    layout.push_back(sizeof(member));
  };
  add(world.record.height);
  add(world.record.owner);
  add(world.record.parent);
  add(world.record.weights);
  add(world.sha256);
  add(world.sha256_evp);
  add(world.log);
  add(world.mark);
  add(world.effects);
  add(world.gate);
  add(world.released);
  add(world.decoded);
  return layout;
}

std::unique_ptr<World> Make() {
  auto world = std::make_unique<World>();
  world->record.height = Height(1);
  world->record.owner = OwnerId::FromNumber(7);
  world->record.parent = world->sha256.HashLeaf(AsBytes("parent"));
  for (std::uint64_t weight = 0; weight < 8; ++weight) (void)world->record.weights.Add(weight);
  if (Result<Mark> mark = world->log.Begin(); mark.ok()) world->mark = *mark;
  return world;
}

// Writes under a mark, reverts, steps a machine's effects through the gate, decodes what it
// encodes.
void Change(World& world) {
  for (std::uint64_t i = 0; i < 8; ++i) {
    world.log.Record(world.record.weights[i]);
    world.record.weights[i] = 1000 + i;
  }
  std::size_t next = 8;
  if (world.mark) {
    (void)world.log.RevertTo(*world.mark,
                             [&](std::uint64_t before) { world.record.weights[--next] = before; });
    world.mark.reset();
  }
  world.record.height = Next(world.record.height).value_or(world.record.height);

  (void)world.effects.Add(Persist<Record>{Ticket(1), world.record});
  (void)world.effects.Add(Send<GroupId, Record>{Ticket(1), GroupId(3), world.record});
  (void)world.gate.Take(world.effects, world.released);
  (void)world.gate.Confirm(Ticket(1), world.released);

  world.decoded = Decode<Record>(Encode(world.record));
}

std::vector<std::byte> Describe(const World& world) {
  std::vector<std::byte> bytes = Encode(world.record);
  const auto append = [&bytes](ByteView more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  if (world.decoded.ok()) append(Encode(*world.decoded));
  for (const Effect<MachineTypes>& effect : world.released) append(Encode(effect));
  append(FingerprintOf(world.record).view());
  append(world.sha256.Hash(bytes).view());
  append(world.sha256_evp.Hash(bytes).view());
  append(AsBytes(ToStatus(BaseReason::kTruncated, "at byte 3").ToString()));
  bytes.push_back(static_cast<std::byte>(world.log.size()));
  return bytes;
}

void Destroy(std::unique_ptr<World> world) { world.reset(); }

}  // namespace

Unit SETTLE_MIXED_UNIT() {
  return {.name = __func__,
          .layout = Layout,
          .make = Make,
          .change = Change,
          .describe = Describe,
          .destroy = Destroy};
}

}  // namespace settle::test
