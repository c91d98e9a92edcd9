// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/config.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

SETTLE_NAMESPACE_BEGIN
struct ConfigProbe {};
SETTLE_NAMESPACE_END

namespace settle {
namespace {

TEST(Config, NamesWhatIsInTheInlineNamespaceWithoutIt) {
  static_assert(std::is_same_v<settle::ConfigProbe, settle::v0::ConfigProbe>);
}

TEST(Config, GivesTheBuildTheVersionThatItSays) {
  const std::string version = std::to_string(SETTLE_VERSION_MAJOR) + "." +
                              std::to_string(SETTLE_VERSION_MINOR) + "." +
                              std::to_string(SETTLE_VERSION_PATCH);
  EXPECT_EQ(version, SETTLE_TEST_PROJECT_VERSION);
}

TEST(Config, NamesTheInlineNamespaceForTheMajorVersion) {
  // While the major version is 0 nothing is promised between minor versions.
  static_assert(SETTLE_VERSION_MAJOR == 0, "a new major version is a new inline namespace");
}

TEST(Config, GivesAnEmptyMemberNoSpace) {
  struct Empty {};
  struct Holder {
    SETTLE_NO_UNIQUE_ADDRESS Empty empty;
    int number;
  };
  static_assert(sizeof(Holder) == sizeof(int));
}

}  // namespace
}  // namespace settle
