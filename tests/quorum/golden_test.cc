// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bytes of quorum/, against tests/golden/quorum.json, whose signatures and digests another
// program made.

#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/types.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote.h"
#include "settle/quorum/vote_collector.h"
#include "tests/quorum/committee.h"

namespace settle {
namespace {

using ::settle::test::Committee;
using ::settle::test::StatementOf;

std::vector<std::byte> Copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

TEST(QuorumGolden, BytesAreThoseOfTheTables) {
  const Committee<Ed25519> committee({1, 2, 2, 3});
  const Committee<Ed25519> crash_only({1, 2, 2, 3}, FaultModel::kCrashOnly);
  const VoteStatement commit = StatementOf(0x1234);
  const auto signed_as = [&](VoteKind kind) {
    return Copy(BytesToSign(committee.domain(), StatementOf(0x1234, 7, kind)).view());
  };
  auto collector =
      *VoteCollector<Ed25519, 1>::Create(committee.set(), committee.domain(), commit.round);
  for (const Vote<>& vote : {committee.VoteOf(3, commit), committee.VoteOf(1, commit),
                             committee.VoteOf(1, StatementOf(0x1235))}) {
    ASSERT_TRUE(collector.Add(vote).ok());
  }
  const test::GoldenBytes actual = {
      {"validator set", committee.set().Encode()},
      {"validator set id", Encode(committee.set().id())},
      {"validator set, crash only", crash_only.set().Encode()},
      {"validator set id, crash only", Encode(crash_only.set().id())},
      {"signed proposal", signed_as(VoteKind::kProposal)},
      {"signed commit", signed_as(VoteKind::kCommit)},
      {"signed statement root", signed_as(VoteKind::kStatementRoot)},
      {"vote", EncodeRecord(committee.VoteOf(1, commit))},
      {"certificate", EncodeRecord(committee.Certify(commit, {0, 1, 3}))},
      {"vote collector", Encode(collector)},
  };
  EXPECT_EQ(test::GoldenDifferences("quorum", actual), "");

  // What the other program signed verifies here.
  const auto decoded = DecodeRecord<Certificate<>>(actual.at("certificate"));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(VerifyAll(committee.set(), committee.domain(), *decoded).ok());
}

}  // namespace
}  // namespace settle
