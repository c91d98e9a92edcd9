// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// One of the two translation units that include everything and are linked into each test binary: a
// definition that is not inline would be defined twice. This one includes everything twice.

#include "settle_all_headers.h"
// The guards must hold.
#include "settle_all_headers.h"
