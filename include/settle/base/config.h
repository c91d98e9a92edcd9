// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The one place of macros and of the version. Build files read the three numbers below; nothing
// else in the project repeats them. No layout, signature or inline body of the library depends on a
// macro: a back end is another type, never another build.

#ifndef SETTLE_BASE_CONFIG_H_
#define SETTLE_BASE_CONFIG_H_

#define SETTLE_VERSION_MAJOR 0
#define SETTLE_VERSION_MINOR 1
#define SETTLE_VERSION_PATCH 0

// Every public name lives in `settle`; the inline namespace gives the binary interface its version,
// so that two units built against different versions do not link silently.
#define SETTLE_NAMESPACE_BEGIN \
  namespace settle {           \
  inline namespace v0 {
#define SETTLE_NAMESPACE_END \
  }                          \
  }

// For an empty policy or hasher member that must not take space.
#define SETTLE_NO_UNIQUE_ADDRESS [[no_unique_address]]

#endif  // SETTLE_BASE_CONFIG_H_
