// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What is signed is a typed statement in a domain, never bytes.
//
//   signed bytes = "settle/1" | kind u32 | network 32 | group u32 | epoch u64 | set id 32 | fields
//
// The tag keeps them apart from what any other program signs and from every record (whose first
// four bytes are its kind, never "sett"); the kind from every other statement; the domain from the
// same statement on another network, in another group or epoch, or under another validator set.
// There is one form and no fallback: bytes that a key signs come only out of `BytesToSign`.
//
//   struct Commit {
//     Height height;
//     Digest header;
//     static constexpr Kind SignedKind() { return Kind::kCommit; }
//     using Fields = Members<&Commit::height, &Commit::header>;
//   };
//   const StatementBytes<Commit> bytes = BytesToSign(domain, Commit{height, header});
//   Result<Ed25519::Signature> signature = signer.Sign(bytes);
//   Reason reason = VerifyStatement<Ed25519>(public_key, bytes, *signature);

#ifndef SETTLE_CRYPTO_STATEMENT_H_
#define SETTLE_CRYPTO_STATEMENT_H_

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"

SETTLE_NAMESPACE_BEGIN

// For whom and when a statement holds.
struct Domain {
  NetworkId network;
  GroupId group;
  Epoch epoch;
  ValidatorSetId set;
  friend bool operator==(const Domain&, const Domain&) = default;
  using Fields = Members<&Domain::network, &Domain::group, &Domain::epoch, &Domain::set>;
};

// Satisfied by a type that lists its members and says its kind, one of the signed kinds of
// settle/base/kinds.h. `SignedKind` may be static constexpr, and is then checked by the compiler,
// or may depend on the value; a value for which it names no signed kind is one that the type's
// Validate refuses.
template <typename S>
concept StatementType = HasFields<S> && requires(const S& statement) {
  { statement.SignedKind() } -> std::same_as<Kind>;
};

namespace detail {

inline constexpr std::array<std::byte, 8> kSignedTag = {
    std::byte{'s'}, std::byte{'e'}, std::byte{'t'}, std::byte{'t'},
    std::byte{'l'}, std::byte{'e'}, std::byte{'/'}, std::byte{'1'}};

struct SignedHead {
  std::array<std::byte, 8> tag = kSignedTag;
  Kind kind{};
  Domain domain;
  using Fields = Members<&SignedHead::tag, &SignedHead::kind, &SignedHead::domain>;
};
inline constexpr std::size_t kSignedHeadSize = kEncodedSize<SignedHead>;
static_assert(kSignedHeadSize == 88, "the head of signed bytes has its size in the wire format");

// The kind of a type all of whose values have the same.
template <typename S>
concept HasOneKind = requires {
  typename std::integral_constant<Kind, S::SignedKind()>;
};

template <typename S>
struct StatementStorage {
  using Type = std::vector<std::byte>;
};
template <typename S>
requires(IsFixedSize<S>()) struct StatementStorage<S> {
  using Type = std::array<std::byte, kSignedHeadSize + kEncodedSize<S>>;
};

}  // namespace detail

template <StatementType S>
class StatementBytes;

// The bytes of `statement` in `domain`, as above: the one way to make them. Under 100 ns; a
// statement of fixed size does not allocate, another does once.
template <StatementType S>
[[nodiscard]] StatementBytes<S> BytesToSign(const Domain& domain, const S& statement);

// The signed bytes of one statement of type S: on the stack where every S has the same size, else
// in one allocation.
template <StatementType S>
class StatementBytes {
 public:
  using Statement = S;

  [[nodiscard]] ByteView view() const { return ByteView(bytes_.data(), bytes_.size()); }
  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  StatementBytes() = default;

  friend StatementBytes BytesToSign<S>(const Domain& domain, const S& statement);

  typename detail::StatementStorage<S>::Type bytes_{};
  Kind kind_{};
};

// A view of the signed bytes of some statement, for a signer that signs them all alike. It is valid
// as long as the StatementBytes that it was made of, and is made of nothing else.
class StatementView {
 public:
  template <StatementType S>
  StatementView(const StatementBytes<S>& bytes) : bytes_(bytes.view()), kind_(bytes.kind()) {}

  [[nodiscard]] ByteView view() const { return bytes_; }
  // What is about to be signed; a signer may have a key for each kind.
  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  ByteView bytes_;
  Kind kind_;
};

template <StatementType S>
StatementBytes<S> BytesToSign(const Domain& domain, const S& statement) {
  if constexpr (detail::HasOneKind<S>) {
    static_assert(IsSignedKind(S::SignedKind()) && IsKnownEnumerator(S::SignedKind()),
                  "a statement's kind is one of the signed kinds of settle/base/kinds.h");
  }
  StatementBytes<S> result;
  result.kind_ = statement.SignedKind();
  if constexpr (!detail::IsFixedSize<S>()) {
    result.bytes_.resize(detail::kSignedHeadSize + EncodedSize(statement));
  }
  BufferSink sink(result.bytes_.data());
  EncodeTo(sink, detail::SignedHead{.kind = result.kind_, .domain = domain});
  EncodeTo(sink, statement);
  return result;
}

// The digest that names a statement: of its signed bytes.
template <Hasher H, StatementType S>
[[nodiscard]] Digest StatementDigest(const H& hasher, const Domain& domain, const S& statement) {
  return hasher.Hash(BytesToSign(domain, statement).view());
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_STATEMENT_H_
