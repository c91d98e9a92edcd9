// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What was verified is a type.
//
// `Verified<T>` is a T together with the validator set and the statement it was verified against.
// It comes only out of `Verified<T>::By(verifier, evidence)`, that is out of a verification that
// took place in this process: it has no default value, no public constructor and no encoding, so
// it can neither be made up nor be read from a disk or a wire. A machine stores the plain T; who
// receives it from elsewhere verifies it again.
//
//   absl::StatusOr<Verified<VoteStatement>> final = VerifyQuorum(set, domain, certificate);
//   engine.Finalize(header, *final);         // a certificate alone does not compile here

#ifndef SETTLE_BASE_VERIFIED_H_
#define SETTLE_BASE_VERIFIED_H_

#include <concepts>
#include <type_traits>
#include <utility>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"

SETTLE_NAMESPACE_BEGIN

// Against what something was verified: whose keys, and which signed bytes.
struct Binding {
  ValidatorSetId set;
  Digest statement;
  using Fields = Members<&Binding::set, &Binding::statement>;
};

// What a verifier answers: the value that the evidence proves, and its binding.
template <typename T>
struct Proven {
  T value;
  Binding binding;
};

// Satisfied by an object whose `Verify(evidence)` checks the evidence (signatures, weight) and
// answers `Result<Proven<T>>`. A host links the ones of quorum/; tests of machines that only
// receive verified values bring one whose evidence is a token.
template <typename V, typename Evidence, typename T>
concept Verifier = requires(V& verifier, const Evidence& evidence) {
  { verifier.Verify(evidence) } -> std::same_as<Result<Proven<T>>>;
};

template <typename T>
class Verified {
 public:
  // Runs the verifier on the evidence. Errors: the verifier's own.
  template <typename V, typename Evidence>
  requires Verifier<std::remove_reference_t<V>, Evidence, T>
  [[nodiscard]] static Result<Verified> By(V&& verifier, const Evidence& evidence) {
    Result<Proven<T>> proven = verifier.Verify(evidence);
    if (!proven.ok()) return proven.reason();
    return Verified(std::move(*proven));
  }

  [[nodiscard]] const T& value() const { return value_; }
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }

  // The set whose members signed, and the digest of the bytes that they signed. A function that
  // takes a Verified compares both with what it expected.
  [[nodiscard]] const ValidatorSetId& set_id() const { return binding_.set; }
  [[nodiscard]] const Digest& statement_digest() const { return binding_.statement; }

 private:
  explicit Verified(Proven<T>&& proven)
      : value_(std::move(proven.value)), binding_(proven.binding) {}

  const T value_;
  const Binding binding_;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_VERIFIED_H_
