// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/certified_header.h"

#include <gtest/gtest.h>

#include "settle/base/status.h"
#include "settle/quorum/reason.h"
#include "tests/engine/chain.h"

namespace settle::test {
namespace {

class FinalHeadersTest : public Chain {
 protected:
  FinalHeaders<Ed25519> trusted_{set(), domain().network, domain().group, domain().epoch};
};

TEST_F(FinalHeadersTest, TakeEveryHeaderOfTheChainWithItsOwnCertificate) {
  for (const CertifiedHeader<>& shown : headers_) {
    EXPECT_TRUE(trusted_.CheckNamed(shown.header, shown.certificate).ok());
    const auto binding = trusted_.CheckSigned(shown.certificate);
    ASSERT_TRUE(binding.ok()) << binding.status();
    EXPECT_EQ(binding->set, set().id());
  }
  EXPECT_EQ(ReasonOf(trusted_.CheckNamed(headers_[1].header, headers_[2].certificate)),
            Reason(EngineReason::kWrongHeader));
}

TEST_F(FinalHeadersTest, TakeNoHeaderOfAnotherDomain) {
  for (int change = 0; change < 4; ++change) {
    CertifiedHeader<> shown = headers_[2];
    Header& header = shown.header;
    if (change == 0) header.network = NetworkId::FromNumber(99);
    if (change == 1) header.group = GroupId(99);
    if (change == 2) header.epoch = Epoch(99);
    if (change == 3) header.validator_set = ValidatorSetId::FromNumber(99);
    shown.certificate.statement.digest = HeaderDigest(Sha256(), header);
    EXPECT_EQ(ReasonOf(trusted_.CheckNamed(header, shown.certificate)),
              Reason(EngineReason::kWrongDomain))
        << change;
  }
}

TEST_F(FinalHeadersTest, TakeNoProposal) {
  CertifiedHeader<> shown = headers_[2];
  shown.certificate.statement.kind = VoteKind::kProposal;
  EXPECT_EQ(ReasonOf(trusted_.CheckNamed(shown.header, shown.certificate)),
            Reason(EngineReason::kNotCommit));
}

TEST_F(FinalHeadersTest, TakeNoCertificateWithoutAQuorum) {
  CertifiedHeader<> shown = headers_[2];
  shown.certificate.signatures[0].data()[9] ^= std::byte{1};
  EXPECT_EQ(ReasonOf(trusted_.CheckSigned(shown.certificate).status()),
            Reason(QuorumReason::kBadSignature));
}

}  // namespace
}  // namespace settle::test
