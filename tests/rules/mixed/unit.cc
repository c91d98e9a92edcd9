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
  add(world.ledger);
  add(world.verdicts);
  add(world.receipts);
  add(world.signer);
  add(world.set);
  add(world.collector);
  add(world.decoded);
  return layout;
}

Domain DomainOf(const ValidatorSet<>& set) {
  return {
      .network = NetworkId::FromNumber(1), .group = GroupId(1), .epoch = Epoch(1), .set = set.id()};
}

// One validator, and a collector of its votes.
void MakeValidator(World& world) {
  Result<Ed25519SecretKey> secret = Ed25519SecretKey::From(Digest::FromNumber(1).view());
  if (!secret.ok()) return;
  Result<Ed25519Signer> signer = Ed25519Signer::From(*std::move(secret));
  if (!signer.ok()) return;
  world.signer.emplace(*std::move(signer));
  absl::StatusOr<ValidatorSet<>> set = ValidatorSet<>::Create(
      FaultModel::kByzantine, {{world.signer->public_key().bytes(), Weight(1)}});
  if (!set.ok()) return;
  world.set.emplace(*set);
  absl::StatusOr<VoteCollector<>> collector =
      VoteCollector<>::Create(*world.set, DomainOf(*set), Round(0));
  if (collector.ok()) world.collector.emplace(*std::move(collector));
}

std::unique_ptr<World> Make() {
  auto world = std::make_unique<World>();
  world->record.height = Height(1);
  world->record.owner = OwnerId::FromNumber(7);
  world->record.parent = world->sha256.HashLeaf(AsBytes("parent"));
  for (std::uint64_t weight = 0; weight < 8; ++weight) (void)world->record.weights.Add(weight);
  if (Result<Mark> mark = world->log.Begin(); mark.ok()) world->mark = *mark;
  MakeValidator(*world);
  return world;
}

// Pays from one owner to another, keeps the receipt, votes for the root.
void Settle(World& world) {
  const AssetId asset(1);
  const std::vector<Leg> legs = {
      {.account = {OwnerId::FromNumber(1), kCash, asset}, .amount = Amount(Int128{-5})},
      {.account = {OwnerId::FromNumber(2), kCash, asset}, .amount = Amount(Int128{5})}};
  const TransactionView payment{
      .header = {.id = TransactionId::FromNumber(1), .valid_until = Timestamp(1000)}, .legs = legs};
  (void)world.ledger.Advance(Height(1), Timestamp(1));
  world.verdicts.resize(1);
  world.ledger.Apply(std::span(&payment, 1), {.context = {}, .authority = {}, .witness = {}},
                     world.verdicts);
  (void)world.receipts.Append(Encode(world.ledger.State()));
  if (!world.collector) return;
  Vote<> vote;
  vote.statement = {.kind = VoteKind::kCommit,
                    .round = Round(1),
                    .digest = world.receipts.Root(),
                    .parent_round = Round(0)};
  const auto bytes = BytesToSign(DomainOf(*world.set), vote.statement);
  if (Result<Ed25519::Signature> signature = world.signer->Sign(bytes); signature.ok()) {
    vote.signature = *signature;
    const Result<VoteOutcome> outcome = world.collector->Add(vote);
    if (outcome.ok()) world.votes.push_back(*outcome);
  }
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
  Settle(world);
}

std::vector<std::byte> Describe(const World& world) {
  std::vector<std::byte> bytes = Encode(world.record);
  const auto append = [&bytes](ByteView more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  if (world.decoded.ok()) append(Encode(*world.decoded));
  for (const Effect<MachineTypes>& effect : world.released) append(Encode(effect));
  append(FingerprintOf(world.record).view());
  append(Encode(world.ledger.State()));
  for (const Verdict& verdict : world.verdicts) {
    bytes.push_back(static_cast<std::byte>(verdict.disposition));
  }
  append(world.receipts.Root().view());
  if (world.collector) append(Encode(*world.collector));
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
