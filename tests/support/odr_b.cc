// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The other translation unit that includes everything, after a host that defined what hosts define.
// No layout, signature or inline body of the library may depend on it.

#ifndef NDEBUG
#define NDEBUG
#endif
#define XXH_INLINE_ALL
#define OPENSSL_NO_DEPRECATED

// What the library includes of others. A host whose macros break the standard library's own headers
// is not our concern; one whose macros meet ours is.
#include "settle_system_headers.h"

#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))

#include "settle_all_headers.h"
