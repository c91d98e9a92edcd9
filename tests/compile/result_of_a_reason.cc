// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A Reason as the value of a Result could not be told from its refusal.
// expect: a function that answers a reason returns Reason

#include "settle/base/reason.h"

#ifdef SETTLE_REJECT
using Answer = settle::Result<settle::Reason>;
#else
using Answer = settle::Result<settle::Module>;
#endif

bool Good(const Answer& answer) { return answer.ok(); }
