// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/authority.h"

#include <gtest/gtest.h>

#include "settle/base/revertible.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

// Each lacks one thing of an authority.
struct WithoutExamine {
  struct Update {};
  struct Credentials {};
  struct Witness {};
  [[maybe_unused]] static constexpr bool kNeedsContent = false;
  Reason Apply(const Update&) { return {}; }
  Reason Authorize(const OwnerId&, const Intent&, const Witness&) const { return {}; }
};
struct WithoutApply : HostVouches {
  Reason Apply(const Update&) = delete;
};
struct AnswersABool : HostVouches {
  bool Authorize(const OwnerId&, const Intent&, const Witness&) const { return true; }
};
// An authority that changes while it is asked is none.
struct ChangesWhileAsked : HostVouches {
  Reason Authorize(const OwnerId&, const Intent&, const Witness&) { return {}; }
};

TEST(Authority, IsAskedForAllOfItsParts) {
  static_assert(Authority<HostVouches>);
  static_assert(Authority<OwnersUpTo>);
  static_assert(!Authority<WithoutExamine>);
  static_assert(!Authority<WithoutApply>);
  static_assert(!Authority<AnswersABool>);
  static_assert(!Authority<ChangesWhileAsked>);
  static_assert(!Authority<int>);
}

TEST(HostVouches, AgreesToEverythingAndKeepsNothing) {
  HostVouches host;
  static_assert(std::is_empty_v<HostVouches> && !Revertible<HostVouches>);
  static_assert(!HostVouches::kNeedsContent);
  EXPECT_TRUE(host.Apply({}).ok());
  const auto witness = host.Examine({}, {}, Timestamp());
  ASSERT_TRUE(witness.ok());
  EXPECT_TRUE(host.Authorize(OwnerOf(1), Intent{}, *witness).ok());
}

}  // namespace
}  // namespace settle::test
