// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Forward declarations of quorum/, and the one home of its default template arguments.

#ifndef SETTLE_QUORUM_FWD_H_
#define SETTLE_QUORUM_FWD_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/config.h"
#include "settle/crypto/fwd.h"

SETTLE_NAMESPACE_BEGIN

enum class QuorumReason : std::uint16_t;
enum class FaultModel : std::uint8_t;
enum class VoteKind : std::uint8_t;
enum class VoteOutcome : std::uint8_t;
class Quorum;
class Blocking;
class TrustLevel;
class SignerSet;
struct VoteStatement;
template <typename Scheme = Ed25519>
struct Validator;
template <typename Scheme = Ed25519>
class ValidatorSet;
template <typename Scheme = Ed25519>
struct Vote;
template <typename Scheme = Ed25519>
struct ConflictingVotes;
template <typename Scheme = Ed25519>
struct Certificate;
template <typename Scheme = Ed25519>
class QuorumVerifier;
template <typename Scheme = Ed25519>
class CertificateVerifier;
template <typename Scheme = Ed25519, std::size_t kWindow = 8>
class VoteCollector;

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_FWD_H_
