// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// From the bytes of a validator set and of a proof to what was settled, or why it is not shown.

#ifndef SETTLE_EXAMPLES_VERIFY_SETTLEMENT_VERIFY_H_
#define SETTLE_EXAMPLES_VERIFY_SETTLEMENT_VERIFY_H_

#include <string>

#include "absl/status/statusor.h"
#include "settle/base/bytes.h"
#include "settle/base/types.h"
#include "settle/engine/settlement_proof.h"
#include "settle/ledger/types.h"
#include "settle/quorum/validator_set.h"

namespace settle::example {

// Whom a stranger trusts: a TrustRoot whose set was decoded and checked.
struct Trust {
  NetworkId network;
  GroupId group;
  Epoch epoch;
  ValidatorSet<> set;
};

// Errors: those of decoding a TrustRoot and a ValidatorSet.
[[nodiscard]] absl::StatusOr<Trust> DecodeTrust(ByteView bytes);

struct Settlement {
  Receipt receipt;
  SettlementProof<> proof;
  Weight weight;  // of all who signed
};

// What was settled. Stricter than VerifySettlement, for which a quorum is enough: every signature
// that the proof shows must be good, so that no byte of it can be other than it was. Errors: those
// of decoding, of VerifySettlement and of VerifyAll, each by its name.
[[nodiscard]] absl::StatusOr<Settlement> CheckProof(const Trust& trust, ByteView bytes);

// For people.
[[nodiscard]] std::string Describe(const Trust& trust, const Settlement& settlement);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_VERIFY_SETTLEMENT_VERIFY_H_
