// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What hasher_test.cc does not ask of every back end.

#include "settle/crypto/sha256_evp.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <thread>
#include <utility>
#include <vector>

#include "settle/crypto/sha256.h"

namespace settle {
namespace {

TEST(Sha256Evp, CopiesAndMovesHashAlike) {
  Sha256Evp first;
  const Sha256Evp copy = first;
  const Sha256Evp moved = std::move(first);
  Sha256Evp assigned;
  assigned = copy;
  const Digest expected = Sha256().HashLeaf({});
  // What was moved from is still a hasher.
  for (const Sha256Evp* hasher : {&std::as_const(first), &copy, &moved, &std::as_const(assigned)}) {
    EXPECT_EQ(hasher->HashLeaf({}), expected);
  }
}

TEST(Sha256Evp, CopyServesAnotherThread) {
  const Sha256Evp here;
  std::vector<Digest> theirs(1000);
  std::thread other([copy = here, &theirs] {
    Digest digest;
    for (Digest& out : theirs) out = digest = copy.HashNode(digest, digest);
  });
  Digest digest;
  std::vector<Digest> ours(theirs.size());
  for (Digest& out : ours) out = digest = here.HashNode(digest, digest);
  other.join();
  EXPECT_EQ(ours, theirs);
}

// A default property query that nothing satisfies: no digest can be fetched.
TEST(Sha256Evp, HashesAlikeWhereOpensslOffersNoDigest) {
  ERR_clear_error();
  ASSERT_EQ(EVP_set_default_properties(nullptr, "settle.absent=yes"), 1);
  const Sha256Evp without;
  const Digest left = without.HashLeaf({});
  const Digest node = without.HashNode(left, without.Hash());
  ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
  EXPECT_EQ(left, Sha256().HashLeaf({}));
  EXPECT_EQ(node, Sha256().HashNode(left, Sha256().Hash()));
  EXPECT_EQ(ERR_peek_error(), 0u);  // nor does the failure show in the host's error queue
}

}  // namespace
}  // namespace settle
