// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/invariant.h"

#include <gtest/gtest.h>

#include <optional>
#include <type_traits>

#include "tests/ledger/world.h"

namespace settle::test {
namespace {

struct WithoutContext {
  Reason Admit(int, const OwnerView&, const OwnerView&) const { return {}; }
};
struct AnswersABool {
  struct Context {};
  bool Admit(const Context&, const OwnerView&, const OwnerView&) const { return true; }
};
struct ChangesWhileAsked {
  struct Context {};
  Reason Admit(const Context&, const OwnerView&, const OwnerView&) { return {}; }
};
struct WithoutLimits {
  std::optional<MarginGroup> GroupOf(const AccountKey&) const { return std::nullopt; }
};
struct GroupsEveryAccount : WithoutLimits {
  MarginGroup GroupOf(const AccountKey&) const { return MarginGroup(0); }
  Limits LimitsOf(const AccountKey&) const { return kUnlimited; }
};

TEST(LedgerInvariant, IsAskedForAllOfItsParts) {
  static_assert(LedgerInvariant<Unmargined>);
  static_assert(LedgerInvariant<TotalAtLeast>);
  static_assert(!LedgerInvariant<WithoutContext>);
  static_assert(!LedgerInvariant<AnswersABool>);
  static_assert(!LedgerInvariant<ChangesWhileAsked>);
}

TEST(AccountPolicy, IsAskedForAllOfItsParts) {
  static_assert(AccountPolicy<TestAccounts>);
  static_assert(!AccountPolicy<WithoutLimits>);
  static_assert(!AccountPolicy<GroupsEveryAccount>, "the group may be none");
}

TEST(Unmargined, AdmitsEverything) {
  const Unmargined invariant;
  static_assert(std::is_empty_v<Unmargined>);
  EXPECT_TRUE(invariant.Admit({}, {}, {}).ok());
}

}  // namespace
}  // namespace settle::test
