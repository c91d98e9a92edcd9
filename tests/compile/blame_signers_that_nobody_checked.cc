// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// That a quorum signed says nothing of each signer: who rewards or blames signers asks for the
// certificate of which every signature was verified.
// expect: invalid initialization of reference || no matching function for call to

#include "settle/base/verified.h"
#include "settle/crypto/ed25519.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/vote.h"

using Quorum = settle::Verified<settle::VoteStatement>;
using Everybody = settle::Verified<settle::Certificate<settle::Ed25519>>;

settle::ValidatorSetId Reward(const Everybody& signers) { return signers.set_id(); }

settle::ValidatorSetId Run([[maybe_unused]] const Quorum& quorum,
                           [[maybe_unused]] const Everybody& everybody) {
#ifdef SETTLE_REJECT
  return Reward(quorum);
#else
  return Reward(everybody);
#endif
}
