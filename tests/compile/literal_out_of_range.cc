// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A literal that does not fit is an error of the compiler, not of the program.
// expect: call to non-'constexpr' function || call to consteval function

#include "settle/base/types.h"

inline constexpr int kGood = 1;
inline constexpr int kBad = -1;

settle::GroupId Make() {
#ifdef SETTLE_REJECT
  return settle::GroupId(kBad);
#else
  return settle::GroupId(kGood);
#endif
}
