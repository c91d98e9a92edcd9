// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What asks for something verified does not take what only claims to be.
// expect: invalid initialization of reference || no matching function for call to

#include <cstdint>

#include "settle/base/verified.h"

struct Statement {
  std::uint64_t height = 0;
  using Fields = settle::Members<&Statement::height>;
};

std::uint64_t Finalize(const settle::Verified<Statement>& statement) { return statement->height; }

std::uint64_t Run([[maybe_unused]] const Statement& claimed,
                  [[maybe_unused]] const settle::Verified<Statement>& verified) {
#ifdef SETTLE_REJECT
  return Finalize(claimed);
#else
  return Finalize(verified);
#endif
}
