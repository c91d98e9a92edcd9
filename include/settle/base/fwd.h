// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Forward declarations of base/.

#ifndef SETTLE_BASE_FWD_H_
#define SETTLE_BASE_FWD_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

enum class Module : std::uint16_t;
enum class BaseReason : std::uint16_t;
enum class Kind : std::uint32_t;
enum class Rounding : std::uint8_t;
class Reason;
template <typename T>
class Result;
template <typename Tag, std::size_t N>
class FixedBytes;
template <typename T, std::size_t kBound>
class Bounded;
template <auto... kMembers>
struct Members;
class Reader;
struct DecodeOutcome;
struct Binding;
template <typename T>
class Verified;
struct Mark;
template <typename Entry>
class UndoLog;

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_FWD_H_
