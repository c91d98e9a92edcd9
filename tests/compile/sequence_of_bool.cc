// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The standard's vector of bool has no elements to refer to.
// expect: a vector of bool has no bool elements

#include "settle/base/bounded.h"

#ifdef SETTLE_REJECT
using List = settle::Bounded<bool, 4>;
#else
using List = settle::Bounded<unsigned, 4>;
#endif

List Make() { return List(); }
