// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The program verify_settlement, run as a stranger runs it, and its judgement of every changed
// byte.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/genesis.h"
#include "examples/settle_trades/reasons.h"
#include "examples/settle_trades/runner.h"
#include "examples/verify_settlement/verify.h"
#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/engine/reason.h"
#include "settle/quorum/reason.h"
#include "settle_programs.h"
#include "tests/examples/program.h"

namespace settle::example {
namespace {

using test::ProgramResult;
using test::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Bytes = std::vector<std::byte>;

std::string Text(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Two blocks of a small stream, with the proofs of both.
class SettledStream : public ::testing::Test {
 protected:
  void SetUp() override {
    stream_ = GenerateStream({.trades = 40, .accounts = 10});
    absl::StatusOr<std::unique_ptr<Runner>> runner = Runner::Create(stream_, {.block_size = 20});
    ASSERT_TRUE(runner.ok()) << runner.status();
    runner_ = *std::move(runner);
    for (std::vector<SettlementProof<>>* proofs : {&first_, &second_}) {
      ASSERT_TRUE(runner_->SettleNextBlock().ok());
      for (std::size_t i = 0; i < 20; ++i) proofs->push_back(runner_->ProofOf(i));
    }
    trust_bytes_ = EncodeRecord(runner_->trust_root());
    absl::StatusOr<Trust> trust = DecodeTrust(trust_bytes_);
    ASSERT_TRUE(trust.ok()) << trust.status();
    trust_ = std::make_unique<Trust>(*std::move(trust));
  }

  Reason Check(const SettlementProof<>& proof) const {
    return ReasonOf(CheckProof(*trust_, EncodeRecord(proof)).status());
  }
  ProgramResult Verify(const Bytes& trust, const Bytes& proof) const {
    const TemporaryFolder folder;
    test::WriteText(folder.File("trust"), Text(trust));
    test::WriteText(folder.File("proof"), Text(proof));
    return test::RunProgram(VERIFY_SETTLEMENT_PROGRAM,
                            {"--trust", folder.File("trust"), "--proof", folder.File("proof")});
  }

  TradeStream stream_;
  std::unique_ptr<Runner> runner_;
  std::vector<SettlementProof<>> first_;
  std::vector<SettlementProof<>> second_;
  Bytes trust_bytes_;
  std::unique_ptr<Trust> trust_;
};

TEST_F(SettledStream, IsProvedToAStranger) {
  const ProgramResult result = Verify(trust_bytes_, EncodeRecord(second_[7]));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  const Trade& trade = stream_.trades[27];
  EXPECT_THAT(result.out, StartsWith("settled: transaction " +
                                     ToString(TransactionId::FromNumber(trade.id)) + "\n"));
  EXPECT_THAT(result.out, HasSubstr("height       2\n"));
  EXPECT_THAT(result.out, HasSubstr("time         2025-10-27 17:00:00.039000000 UTC\n"));
  EXPECT_THAT(result.out, HasSubstr("weight 4 of 4, quorum 3"));
  for (const Leg& leg : second_[7].transaction.legs) {
    EXPECT_THAT(result.out, HasSubstr("owner " + ToString(leg.account.owner) + " compartment " +
                                      ToString(leg.account.compartment)));
    EXPECT_THAT(result.out, HasSubstr(": " + std::string(Sign(leg.amount) > 0 ? "+" : "") +
                                      ToString(leg.amount) + "\n"));
  }
}

TEST_F(SettledStream, IsProvedForEveryTradeOfItsBlocks) {
  for (const auto* proofs : {&first_, &second_}) {
    for (const SettlementProof<>& proof : *proofs) EXPECT_TRUE(Check(proof).ok());
  }
}

TEST_F(SettledStream, IsNotProvedWithAnyByteChanged) {
  const Bytes good = EncodeRecord(second_[11]);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      Bytes bad = good;
      bad[i] ^= static_cast<std::byte>(change);
      const absl::StatusOr<Settlement> settlement = CheckProof(*trust_, bad);
      ASSERT_FALSE(settlement.ok()) << "byte " << i << " of " << good.size();
      ASSERT_FALSE(ReasonOf(settlement.status()).ok());
    }
  }
}

TEST_F(SettledStream, IsNotProvedByAnyPartOfAProofOrByMore) {
  const Bytes good = EncodeRecord(second_[11]);
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_FALSE(CheckProof(*trust_, ByteView(good).first(size)).ok()) << size;
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(CheckProof(*trust_, longer).ok());
}

TEST_F(SettledStream, NamesTheReasonAndExitsWithOne) {
  const Bytes good = EncodeRecord(second_[3]);
  // Spread over all parts of a proof.
  for (std::size_t i = 0; i < good.size(); i += good.size() / 12) {
    Bytes bad = good;
    bad[i] ^= std::byte{1};
    const ProgramResult result = Verify(trust_bytes_, bad);
    EXPECT_EQ(result.exit_code, 1) << "byte " << i;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, StartsWith("verify_settlement: "));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    const Reason reason = ReasonOf(CheckProof(*trust_, bad).status());
    EXPECT_THAT(result.err, HasSubstr(NameOf(reason)));
  }
}

TEST_F(SettledStream, IsNotProvedByTheCertificateOfAnotherHeader) {
  SettlementProof<> proof = second_[0];
  proof.certificate = first_[0].certificate;
  EXPECT_TRUE(Check(proof).Is(EngineReason::kWrongHeader));
  // Nor by both of another header under which the receipt does not stand yet.
  proof.header = first_[0].header;
  EXPECT_TRUE(Check(proof).Is(EngineReason::kReceiptTooNew));
}

TEST_F(SettledStream, IsNotProvedByTheReceiptOfAnotherTransaction) {
  SettlementProof<> proof = second_[0];
  proof.receipt = second_[1].receipt;
  proof.path = second_[1].path;
  EXPECT_TRUE(Check(proof).Is(EngineReason::kContentMismatch));
  proof = second_[0];
  proof.path = second_[1].path;
  EXPECT_TRUE(Check(proof).Is(LedgerReason::kRootMismatch));
}

TEST_F(SettledStream, IsNotProvedByAQuorumOfAnotherSet) {
  const auto other = Runner::Create(stream_, {.validators = 5, .block_size = 20});
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE((*other)->SettleNextBlock().ok());
  const SettlementProof<> of_other = (*other)->ProofOf(0);
  EXPECT_TRUE(Check(of_other).Is(EngineReason::kWrongDomain));
  // Their certificate under our header.
  SettlementProof<> mixed = first_[0];
  mixed.certificate = of_other.certificate;
  EXPECT_TRUE(Check(mixed).Is(EngineReason::kWrongHeader));
  mixed.certificate.statement = first_[0].certificate.statement;
  EXPECT_TRUE(Check(mixed).Is(QuorumReason::kWrongSet));
  const ProgramResult result =
      Verify(EncodeRecord((*other)->trust_root()), EncodeRecord(first_[0]));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("WrongDomain"));
}

TEST_F(SettledStream, IsNotProvedInAnotherEpochGroupOrNetwork) {
  TrustRoot root = runner_->trust_root();
  root.epoch = Epoch(2);
  Trust trust = *DecodeTrust(EncodeRecord(root));
  EXPECT_TRUE(
      ReasonOf(CheckProof(trust, EncodeRecord(first_[0])).status()).Is(EngineReason::kWrongDomain));
  trust = *trust_;
  trust.group = GroupId(9);
  EXPECT_TRUE(
      ReasonOf(CheckProof(trust, EncodeRecord(first_[0])).status()).Is(EngineReason::kWrongDomain));
  trust = *trust_;
  trust.network.data()[5] ^= std::byte{1};
  EXPECT_TRUE(
      ReasonOf(CheckProof(trust, EncodeRecord(first_[0])).status()).Is(EngineReason::kWrongDomain));
  // A certificate that claims another epoch under the right header.
  SettlementProof<> proof = first_[0];
  proof.certificate.epoch = Epoch(2);
  EXPECT_TRUE(Check(proof).Is(QuorumReason::kWrongEpoch));
}

TEST_F(SettledStream, IsNotProvedWithTooFewSigners) {
  SettlementProof<> proof = first_[0];
  Certificate<>& certificate = proof.certificate;
  Certificate<> fewer = certificate;
  fewer.signers = SignerSet(4);
  fewer.signatures.Clear();
  for (std::uint16_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(fewer.signers.Add(SignerIndex(i)));
    ASSERT_TRUE(fewer.signatures.Add(certificate.signatures[i]));
  }
  certificate = fewer;
  const absl::Status status = CheckProof(*trust_, EncodeRecord(proof)).status();
  EXPECT_TRUE(ReasonOf(status).Is(QuorumReason::kTooLittleWeight));
  EXPECT_THAT(std::string(status.message()), HasSubstr("signed weight 2, quorum 3"));
}

TEST_F(SettledStream, NeedsATrustedSetThatCanBeRead) {
  const Bytes proof = EncodeRecord(first_[0]);
  Bytes cut = trust_bytes_;
  cut.pop_back();
  for (const Bytes& trust : {Bytes(), cut, proof}) {
    const ProgramResult result = Verify(trust, proof);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("no validator set, "));
  }
}

TEST(VerifySettlementProgram, RefusesBadUsageWithCodeTwo) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"--trust", "/nowhere"},
      {"--proof", "/nowhere"},
      {"--trust", "/nowhere", "--proof", "/nowhere"},
      {"--trust", "/", "--proof", "/"},
      {"--nonsense"},
  };
  for (const std::vector<std::string>& arguments : cases) {
    const ProgramResult result = test::RunProgram(VERIFY_SETTLEMENT_PROGRAM, arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, StartsWith("verify_settlement: "));
    EXPECT_THAT(result.out, IsEmpty());
  }
  EXPECT_EQ(test::RunProgram(VERIFY_SETTLEMENT_PROGRAM, {"--help"}).exit_code, 0);
}

}  // namespace
}  // namespace settle::example
