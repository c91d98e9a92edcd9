// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bytes of engine/, against tests/golden/engine.json.

#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "settle/base/codec.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/engine/balance_proof.h"
#include "settle/engine/certified_header.h"
#include "settle/engine/engine_state.h"
#include "settle/engine/header.h"
#include "settle/engine/liability_proof.h"
#include "settle/engine/market_event.h"
#include "settle/engine/settlement_proof.h"
#include "settle/engine/statement_proof.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/types.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/types.h"
#include "settle/quorum/vote.h"

namespace settle {
namespace {

Header SomeHeader() {
  return {.network = NetworkId::FromNumber(0x11),
          .group = GroupId(3),
          .height = Height(54),
          .parent = Digest::FromNumber(0x12),
          .time = Timestamp(55),
          .epoch = Epoch(4),
          .validator_set = ValidatorSetId::FromNumber(0x22),
          .next_validator_set = ValidatorSetId::FromNumber(0x23),
          .transactions = {1, Digest::FromNumber(0x71)},
          .receipts = {54, Digest::FromNumber(0x72)},
          .state = {2, Digest::FromNumber(0x73)},
          .liabilities = {0, Digest::FromNumber(0x74)},
          .parameters = Digest::FromNumber(0x75),
          .prices = Digest::FromNumber(0x76)};
}

Certificate<Ed25519> SomeCertificate() {
  Certificate<Ed25519> certificate;
  certificate.group = GroupId(3);
  certificate.epoch = Epoch(4);
  certificate.set = ValidatorSetId::FromNumber(0x22);
  certificate.statement = {.kind = VoteKind::kCommit,
                           .round = Round(54),
                           .digest = Digest::FromNumber(0x77),
                           .parent_round = Round(53)};
  certificate.signers = SignerSet(9);
  for (const unsigned signer : {0u, 3u, 8u}) {
    EXPECT_TRUE(certificate.signers.Add(SignerIndex(static_cast<std::uint16_t>(signer))));
  }
  for (const std::uint64_t number : {0x81u, 0x82u, 0x83u}) {
    EXPECT_TRUE(certificate.signatures.Add(Ed25519::Signature::FromNumber(number)));
  }
  return certificate;
}

SettlementProof<Ed25519> SomeProof() {
  SettlementProof<Ed25519> proof;
  proof.header = SomeHeader();
  proof.certificate = SomeCertificate();
  proof.receipt = {.id = TransactionId::FromNumber(0x51),
                   .content = Digest::FromNumber(0x52),
                   .index = LogIndex(53),
                   .height = Height(54),
                   .time = Timestamp(55)};
  EXPECT_TRUE(proof.path.path.Add(Digest::FromNumber(0x61)) &&
              proof.path.path.Add(Digest::FromNumber(0x62)));
  proof.transaction.header = {.id = TransactionId::FromNumber(0x51),
                              .valid_until = Timestamp(1'000'000'007)};
  const AccountKey alice{OwnerId::FromNumber(0xa1), kCash, TokenId(1)};
  const AccountKey bob{OwnerId::FromNumber(0xa2), Compartment(7), ContractId(2)};
  EXPECT_TRUE(proof.transaction.legs.Add({alice, Amount(-kMax<Int128>)}));
  EXPECT_TRUE(proof.transaction.legs.Add({bob, Amount(kMax<Int128>)}));
  return proof;
}

CertifiedHeader<Ed25519> SomeCertifiedHeader() { return {SomeHeader(), SomeCertificate()}; }

StateSteps SomeSteps() {
  StateSteps steps;
  EXPECT_TRUE(steps.Add({9, Digest::FromNumber(0x63)}) && steps.Add({2, Digest::FromNumber(0x64)}));
  return steps;
}

AccountProof SomeAccount() {
  const OpenedAccount opened{.leaf = {.balance = Amount(-7),
                                      .pending = {Amount(8), Amount(9)},
                                      .entries = 10,
                                      .flags = {AccountFlag::kDebitsFrozen},
                                      .has_limits = true,
                                      .limits = {Amount(-12), Amount(13)},
                                      .history = Digest::FromNumber(11),
                                      .number = 12},
                             .path = {SomeSteps()}};
  return {.account = {OwnerId::FromNumber(0xa1), kCash, TokenId(1)},
          .state = {.accounts = {1, 2, Digest::FromNumber(3)},
                    .holds = {4, 5, Digest::FromNumber(6)},
                    .ids = {7, 8, Digest::FromNumber(9)},
                    .authority = Digest::FromNumber(10)},
          .found = opened};
}

StatementProof<Ed25519> SomeStatementProof() {
  StatementProof<Ed25519> proof;
  proof.opening = {SomeCertifiedHeader(), SomeAccount()};
  proof.opening->account.found =
      AbsenceProof{OtherLeaf{Digest::FromNumber(0x6a), Digest::FromNumber(0x6b)}, SomeSteps()};
  proof.closing = {SomeCertifiedHeader(), SomeAccount()};
  StatementPage page{.height = Height(12)};
  EXPECT_TRUE(page.entries.Add({LogIndex(13), Amount(-14)}) &&
              page.entries.Add({LogIndex(15), Amount(16)}));
  EXPECT_TRUE(proof.pages.Add(page));
  return proof;
}

LiabilityProof<Ed25519> SomeLiabilityProof() {
  LiabilityProof<Ed25519> proof;
  proof.header = SomeCertifiedHeader();
  proof.head = {.asset = TokenId(1),
                .height = Height(54),
                .size = 75,
                .total = Amount(76),
                .root = Digest::FromNumber(0x77)};
  proof.index = LogIndex(2);
  proof.path = SomeProof().path;
  proof.liability = {.account = {OwnerId::FromNumber(0xa1), MarginGroup(6)},
                     .nonce = BlindingNonce::FromNumber(0x73),
                     .claim = Amount(-74)};
  proof.sum.index = LogIndex(70);
  EXPECT_TRUE(proof.sum.path.Add({Digest::FromNumber(0x71), Amount(72)}));
  return proof;
}

EngineState SomeEngineState() {
  EngineState state{.header = SomeHeader(), .state = SomeAccount().state};
  state.ledger.height = Height(1);
  state.ledger.now = Timestamp(2);
  state.ledger.next_index = LogIndex(3);
  EXPECT_TRUE(state.histories.Add(Digest::FromNumber(4)) &&
              state.histories.Add(Digest::FromNumber(5)));
  EXPECT_TRUE(state.receipts.Add(std::byte{6}) && state.receipts.Add(std::byte{7}) &&
              state.authority.Add(std::byte{8}));
  return state;
}

ContractAssets SomeAssets() { return {.contract = ContractId(5), .quote = TokenId(6)}; }

TEST(EngineGolden, BytesAreThoseOfTheTables) {
  TrustRoot root{.network = NetworkId::FromNumber(0x11), .group = GroupId(3), .epoch = Epoch(4)};
  for (const int byte : {0, 16, 0, 0, 1}) {
    EXPECT_TRUE(root.validator_set.Add(static_cast<std::byte>(byte)));
  }
  const test::GoldenBytes actual = {
      {"header", EncodeRecord(SomeHeader())},
      {"transaction entry", EncodeRecord(TransactionEntry{.id = TransactionId::FromNumber(0x54),
                                                          .content = Digest::FromNumber(0x55),
                                                          .disposition = Disposition::kRefused,
                                                          .module = 4,
                                                          .code = 23})},
      {"settlement proof", EncodeRecord(SomeProof())},
      {"trust root", EncodeRecord(root)},
      {"engine state", EncodeRecord(SomeEngineState())},
      {"balance proof", EncodeRecord(BalanceProof<Ed25519>{SomeCertifiedHeader(), SomeAccount()})},
      {"statement proof", EncodeRecord(SomeStatementProof())},
      {"liability proof", EncodeRecord(SomeLiabilityProof())},
      {"funding event", EncodeRecord(MarketEvent{.rule = CompulsoryRule::kFunding,
                                                 .terms = FundingPerLot(Int128{-1'500'000}),
                                                 .assets = SomeAssets(),
                                                 .house = OwnerId::FromNumber(0x92)})},
      {"variation event", EncodeRecord(MarketEvent{.rule = CompulsoryRule::kVariation,
                                                   .terms = LinearPrice{Amount(-4)},
                                                   .assets = SomeAssets()})},
      {"inverse expiry event",
       EncodeRecord(MarketEvent{.rule = CompulsoryRule::kExpiry,
                                .terms = InversePrice{.multiplier = 6, .price = 3},
                                .assets = SomeAssets(),
                                .cash = Compartment(8),
                                .house = OwnerId::FromNumber(0x93),
                                .book = Compartment(9)})},
      {"option expiry event", EncodeRecord(MarketEvent{.rule = CompulsoryRule::kExpiry,
                                                       .terms = OptionPayoff{Amount(7)},
                                                       .assets = SomeAssets(),
                                                       .book = Compartment(9)})},
  };
  EXPECT_EQ(test::GoldenDifferences("engine", actual), "");
}

}  // namespace
}  // namespace settle
