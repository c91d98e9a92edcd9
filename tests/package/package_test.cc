// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a user's program is: it includes settle, uses each of its dependencies once, and says so.

#include <cstddef>
#include <cstdio>
#include <vector>

#include "settle/settle.h"

namespace {

struct Payment {
  settle::Height height;
  settle::OwnerId payer;
  using Fields = settle::Members<&Payment::height, &Payment::payer>;
};

// Abseil: a status that carries a reason.
bool UsesStatus(const Payment& payment) {
  const std::vector<std::byte> bytes = settle::Encode(payment);
  const absl::StatusOr<Payment> copy = settle::Decode<Payment>(bytes);
  const absl::StatusOr<Payment> truncated =
      settle::Decode<Payment>(settle::ByteView(bytes).first(bytes.size() - 1));
  return copy.ok() && settle::FieldsEqual(*copy, payment) &&
         settle::ReasonOf(truncated.status()).Is(settle::BaseReason::kTruncated);
}

// OpenSSL: the root of a tree, and a path that leads to it.
bool UsesHashes(const Payment& payment) {
  settle::Accumulator<> receipts;
  for (int i = 0; i < 5; ++i) (void)receipts.Append(settle::Encode(payment));
  const settle::Sha256 sha256;
  const settle::Digest leaf = sha256.HashLeaf(settle::Encode(payment));
  const auto proof = receipts.ProveInclusion(settle::LogIndex(2), receipts.size());
  return proof.ok() &&
         settle::VerifyInclusion(sha256, leaf, settle::LogIndex(2), receipts.Head(), proof->path)
             .ok();
}

// xxHash: a fingerprint.
bool UsesFingerprints(const Payment& payment) {
  Payment other = payment;
  other.height = settle::Height(8);
  return settle::FingerprintOf(payment) != settle::FingerprintOf(other);
}

}  // namespace

int main() {
  const Payment payment{settle::Height(7), settle::OwnerId::FromNumber(1)};
  if (!UsesStatus(payment)) return 1;
  if (!UsesHashes(payment)) return 2;
  if (!UsesFingerprints(payment)) return 3;
  std::printf("settle %d.%d.%d: works\n", SETTLE_VERSION_MAJOR, SETTLE_VERSION_MINOR,
              SETTLE_VERSION_PATCH);
  return 0;
}
