// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A vote: one validator's signature over one statement of one round.
//
// A vote for a proposal, a vote to commit and a vote for a batch of statements are three kinds, and
// the kind is in the signed bytes: none can stand for another. The network, group, epoch and
// validator set are in the signed bytes too, through the Domain; they are the same for all votes
// that a collector sees and are not repeated in each.
//
//   signed fields = round u64 | digest 32 | parent round u64
//
//   const VoteStatement statement{VoteKind::kCommit, Round(7), header_digest, Round(6)};
//   Result<Ed25519::Signature> signature = signer.Sign(BytesToSign(domain, statement));
//   const Vote<> vote{statement, my_index, *signature};

#ifndef SETTLE_QUORUM_VOTE_H_
#define SETTLE_QUORUM_VOTE_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/hasher.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/fwd.h"
#include "settle/quorum/types.h"

SETTLE_NAMESPACE_BEGIN

// What a validator can vote for.
enum class VoteKind : std::uint8_t {
  kProposal = 1,       // the digest is of a proposal; such a vote makes nothing final
  kCommit = 2,         // the digest is of a header; a quorum makes it final
  kStatementRoot = 3,  // the digest commits to a batch of statements
};

inline constexpr std::size_t kVoteKinds = 3;

constexpr bool IsKnownEnumerator(VoteKind kind) {
  switch (kind) {
    case VoteKind::kProposal:
    case VoteKind::kCommit:
    case VoteKind::kStatementRoot:
      return true;
  }
  return false;
}

// The kind in the signed bytes; Kind 0, which is none, for a number that names no vote kind.
[[nodiscard]] constexpr Kind SignedKindOf(VoteKind kind) {
  switch (kind) {
    case VoteKind::kProposal:
      return Kind::kProposal;
    case VoteKind::kCommit:
      return Kind::kCommit;
    case VoteKind::kStatementRoot:
      return Kind::kStatementRoot;
  }
  return Kind{0};
}

// What a vote says. Two statements are the same when they are equal in every member.
struct VoteStatement {
  VoteKind kind = VoteKind::kProposal;
  Round round;
  Digest digest;
  // The round of what `digest` builds on.
  Round parent_round;
  using Fields = Members<&VoteStatement::kind, &VoteStatement::round, &VoteStatement::digest,
                         &VoteStatement::parent_round>;
};

namespace detail {

// A VoteStatement as it is signed: its kind stands in the head of the signed bytes, and only there.
class VoteBody {
 public:
  explicit VoteBody(const VoteStatement& statement)
      : kind_(SignedKindOf(statement.kind)),
        round_(statement.round),
        digest_(statement.digest),
        parent_round_(statement.parent_round) {}

  [[nodiscard]] Kind SignedKind() const { return kind_; }

 private:
  Kind kind_;
  Round round_;
  Digest digest_;
  Round parent_round_;

 public:
  using Fields = Members<&VoteBody::round_, &VoteBody::digest_, &VoteBody::parent_round_>;
};

}  // namespace detail

// The bytes that a validator signs to vote for `statement`. Does not allocate.
[[nodiscard]] inline StatementBytes<detail::VoteBody> BytesToSign(const Domain& domain,
                                                                  const VoteStatement& statement) {
  return BytesToSign(domain, detail::VoteBody(statement));
}

// The digest that names `statement` in `domain`: of the bytes that are signed.
template <Hasher H>
[[nodiscard]] Digest StatementDigest(const H& hasher, const Domain& domain,
                                     const VoteStatement& statement) {
  return hasher.Hash(BytesToSign(domain, statement).view());
}

[[nodiscard]] inline bool SameStatement(const VoteStatement& a, const VoteStatement& b) {
  return a == b;
}

// A signed statement. The signature says nothing until somebody has verified it against the set.
template <typename Scheme>
struct Vote {
  static_assert(RequireSignatureScheme<Scheme>());

  VoteStatement statement;
  SignerIndex signer;
  typename Scheme::Signature signature;

  static constexpr Kind kKind = Kind::kVote;
  static constexpr std::uint16_t kVersion = 1;
  using Fields = Members<&Vote::statement, &Vote::signer, &Vote::signature>;
};

// True when both votes say the same, whoever signed and however.
template <typename Scheme>
[[nodiscard]] bool SameStatement(const Vote<Scheme>& a, const Vote<Scheme>& b) {
  return SameStatement(a.statement, b.statement);
}

// Two different statements of one signer for one (round, kind), both of which verified.
template <typename Scheme>
struct ConflictingVotes {
  // The one that counts, since it came first.
  Vote<Scheme> counted;
  Vote<Scheme> conflicting;
  using Fields = Members<&ConflictingVotes::counted, &ConflictingVotes::conflicting>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_VOTE_H_
