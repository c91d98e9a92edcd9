// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The authority of signed consent: every owner has a key, and either signs for a transaction or
// lets a venue sign for it.
//
// A venue's consent costs one signature a batch: `Examine` verifies it, recomputes the root over
// the digests of the batch and gives a witness that binds every position to its digest. `Authorize`
// then is two look-ups. Direct consents are verified where they are asked for.
//
//   OwnerKeys<> keys(network, group);
//   keys.Register({alice, alice_key_bytes});
//   keys.Delegate({delegation, signature});
//   Result<OwnerKeys<>::Witness> witness = keys.Examine(credentials, contents, now);

#ifndef SETTLE_LEDGER_OWNER_KEYS_H_
#define SETTLE_LEDGER_OWNER_KEYS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/compact_range.h"
#include "settle/ledger/consent.h"
#include "settle/ledger/detail/row_index.h"
#include "settle/ledger/fwd.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/state_map.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

template <typename Scheme, typename HasherT>
class OwnerKeys {
  static_assert(RequireSignatureScheme<Scheme>());
  static_assert(RequireHasher<HasherT>());

 public:
  using Signature = typename Scheme::Signature;
  using KeyBytes = typename Scheme::KeyBytes;
  using PublicKey = typename Scheme::PublicKey;
  static constexpr std::size_t kMaxOwners = std::size_t{1} << 26;
  static constexpr std::size_t kMaxDelegations = std::size_t{1} << 26;

  struct SignedConsent {
    Consent consent{};
    Signature signature{};
    using Fields = Members<&SignedConsent::consent, &SignedConsent::signature>;
  };
  struct SignedVenueConsent {
    VenueConsent consent{};
    Signature signature{};
    using Fields = Members<&SignedVenueConsent::consent, &SignedVenueConsent::signature>;
  };
  struct SignedDelegation {
    Delegation delegation{};
    Signature signature{};
    using Fields = Members<&SignedDelegation::delegation, &SignedDelegation::signature>;
  };
  // The key of an owner or venue, as the genesis of a network states it.
  struct Registration {
    OwnerId owner{};
    KeyBytes key{};
    using Fields = Members<&Registration::owner, &Registration::key>;
  };

  // What comes with a batch. `consents` ascend by (content, owner).
  struct Credentials {
    std::optional<SignedVenueConsent> venue{};
    std::span<const SignedConsent> consents{};
  };

  // Credentials that were examined: made by Examine alone. Valid as long as what was examined.
  class Witness {
   public:
    Witness() = default;

   private:
    friend class OwnerKeys;
    OwnerId venue_{};
    Timestamp valid_until_{};  // 0 without a venue's consent
    std::span<const Digest> contents_{};
    std::span<const SignedConsent> consents_{};
  };

  static constexpr bool kNeedsContent = true;

  // What a block may change; owners are registered before genesis.
  using Update = SignedDelegation;
  Reason Apply(const Update& update) { return Delegate(update); }

  OwnerKeys(const NetworkId& network, GroupId group, std::uint64_t hash_seed = 0)
      : domain_(OwnerDomain(network, group)),
        by_owner_(hash_seed),
        by_pair_(hash_seed),
        content_(hash_seed) {}

  // Makes `registration.key` the owner's. Errors: kOwnerExists, those of the scheme for a key that
  // it refuses, kFull.
  Reason Register(const Registration& registration) {
    if (FindKey(registration.owner) != nullptr) return LedgerReason::kOwnerExists;
    Result<PublicKey> key = PublicKey::From(registration.key.view());
    if (!key.ok()) return key.reason();
    if (!registrations_.Add(registration)) return BaseReason::kFull;
    IndexOwner(*std::move(key));
    undo_.Record({.what = Undo::What::kRegister});
    return Commit(registration);
  }

  // Records what an owner permits to a venue. Errors: kUnknownOwner for either, those of
  // Delegation::Validate, kStaleDelegation, kBadSignature, kFull.
  Reason Delegate(const SignedDelegation& signed_delegation) {
    const Delegation& delegation = signed_delegation.delegation;
    const PublicKey* key = FindKey(delegation.owner);
    if (key == nullptr || FindKey(delegation.venue) == nullptr) {
      return LedgerReason::kUnknownOwner;
    }
    if (Reason reason = delegation.Validate(); !reason.ok()) return reason;
    const std::uint32_t known = FindPair(delegation.owner, delegation.venue);
    if (known != detail::kNoRow && delegation.number <= delegations_[known].number) {
      return LedgerReason::kStaleDelegation;
    }
    Reason reason = VerifyStatement<Scheme>(*key, BytesToSign(domain_, delegation),
                                            signed_delegation.signature);
    if (!reason.ok()) return reason;
    if (known == detail::kNoRow) {
      if (!delegations_.Add(delegation)) return BaseReason::kFull;
      IndexDelegation();
      undo_.Record({.what = Undo::What::kDelegate});
    } else {
      undo_.Record({.what = Undo::What::kReplace,
                    .row = known,
                    .replaced = std::exchange(delegations_[known], delegation)});
    }
    return Commit(delegation);
  }

  // Verifies what comes with a batch. Errors: kUnknownOwner for the venue, kConsentExpired,
  // kConsentMismatch when count or root are not those of the batch, or consents do not ascend,
  // kBadSignature. One signature and two hashes a transaction.
  [[nodiscard]] Result<Witness> Examine(const Credentials& credentials,
                                        std::span<const Digest> contents, Timestamp now) const {
    Witness witness;
    for (std::size_t i = 1; i < credentials.consents.size(); ++i) {
      if (!Before(credentials.consents[i - 1].consent, credentials.consents[i].consent)) {
        return LedgerReason::kConsentMismatch;
      }
    }
    witness.consents_ = credentials.consents;
    if (credentials.venue) {
      const VenueConsent& consent = credentials.venue->consent;
      const PublicKey* venue = FindKey(consent.venue);
      if (venue == nullptr) return LedgerReason::kUnknownOwner;
      if (now >= consent.valid_until) return LedgerReason::kConsentExpired;
      if (consent.count != contents.size() || consent.root != RootOf(contents)) {
        return LedgerReason::kConsentMismatch;
      }
      Reason reason = VerifyStatement<Scheme>(*venue, BytesToSign(domain_, consent),
                                              credentials.venue->signature);
      if (!reason.ok()) return reason;
      witness.venue_ = consent.venue;
      witness.valid_until_ = consent.valid_until;
      witness.contents_ = contents;
    }
    return witness;
  }

  // Whether `owner` agreed. Errors: kUnknownOwner, kConsentExpired, kConsentMismatch when the
  // delegation does not permit a leg, kBadSignature, kNotConsented.
  [[nodiscard]] Reason Authorize(const OwnerId& owner, const Intent& intent,
                                 const Witness& witness) const {
    const bool covered = intent.position < witness.contents_.size() &&
                         witness.contents_[intent.position] == intent.content;
    if (covered && owner == witness.venue_) {
      return intent.now < witness.valid_until_ ? Reason() : LedgerReason::kConsentExpired;
    }
    Reason refusal = LedgerReason::kNotConsented;
    if (covered) {
      const Reason reason = AuthorizeByVenue(owner, intent, witness);
      if (reason.ok()) return reason;
      refusal = reason;
    }
    const Reason direct = AuthorizeDirectly(owner, intent, witness);
    return direct.ok() || refusal.Is(LedgerReason::kNotConsented) ? direct : refusal;
  }

  // The root that a venue's consent to a batch names.
  [[nodiscard]] static Digest RootOf(std::span<const Digest> contents) {
    CompactRange<HasherT> range;
    for (const Digest& content : contents) (void)range.Append(content.view());
    return range.Root();
  }

  // Commits to all registrations and delegations, in whatever order they came: the root of a state
  // map from {delegation or not, owner, venue} to the digest of the encoding.
  [[nodiscard]] Digest root() const { return content_.Root(); }
  [[nodiscard]] std::size_t owner_count() const { return registrations_.size(); }
  [[nodiscard]] const Domain& domain() const { return domain_; }

  // Rollback, see settle/base/revertible.h.
  [[nodiscard]] Result<Mark> Begin() {
    (void)content_.Begin();  // the same mark: both are marked together and never alone
    return undo_.Begin();
  }
  Reason RevertTo(Mark mark) {
    (void)content_.RevertTo(mark);
    return undo_.RevertTo(mark, [this](Undo& undo) { Apply(undo); });
  }
  Reason Release(Mark mark) {
    (void)content_.Release(mark);
    return undo_.Release(mark);
  }

 private:
  struct Undo {
    enum class What : std::uint8_t { kRegister, kDelegate, kReplace };
    What what = What::kRegister;
    std::uint32_t row = 0;
    Delegation replaced{};
  };
  struct Pair {
    OwnerId owner;
    OwnerId venue;
  };

  [[nodiscard]] std::uint64_t HashOf(const OwnerId& owner) const { return by_owner_.HashOf(owner); }
  [[nodiscard]] std::uint64_t HashOf(const OwnerId& owner, const OwnerId& venue) const {
    return by_pair_.HashOf(Pair{owner, venue});
  }
  [[nodiscard]] const PublicKey* FindKey(const OwnerId& owner) const {
    const std::uint32_t row = by_owner_.Find(
        HashOf(owner), [&](std::uint32_t at) { return registrations_[at].owner == owner; });
    return row == detail::kNoRow ? nullptr : &keys_[row];
  }
  [[nodiscard]] std::uint32_t FindPair(const OwnerId& owner, const OwnerId& venue) const {
    return by_pair_.Find(HashOf(owner, venue), [&](std::uint32_t at) {
      return delegations_[at].owner == owner && delegations_[at].venue == venue;
    });
  }

  // The last registration and the last delegation enter the derived parts.
  void IndexOwner(PublicKey key) {
    by_owner_.Insert(HashOf(registrations_[keys_.size()].owner),
                     static_cast<std::uint32_t>(keys_.size()));
    keys_.push_back(std::move(key));
  }
  void IndexDelegation() {
    const auto row = static_cast<std::uint32_t>(delegations_.size() - 1);
    by_pair_.Insert(HashOf(delegations_[row].owner, delegations_[row].venue), row);
  }

  [[nodiscard]] static bool Before(const Consent& a, const Consent& b) {
    return a.content != b.content ? a.content < b.content : a.owner < b.owner;
  }

  [[nodiscard]] Reason AuthorizeByVenue(const OwnerId& owner, const Intent& intent,
                                        const Witness& witness) const {
    const std::uint32_t row = FindPair(owner, witness.venue_);
    if (row == detail::kNoRow) return LedgerReason::kNotConsented;
    const Delegation& delegation = delegations_[row];
    if (intent.now >= delegation.until || intent.now >= witness.valid_until_) {
      return LedgerReason::kConsentExpired;
    }
    if (delegation.compartments.empty() && delegation.limits.empty()) return {};
    return delegation.Permits(intent.transaction.legs) ? Reason() : LedgerReason::kConsentMismatch;
  }

  [[nodiscard]] Reason AuthorizeDirectly(const OwnerId& owner, const Intent& intent,
                                         const Witness& witness) const {
    const Consent wanted{.content = intent.content, .owner = owner};
    const auto found = std::lower_bound(
        witness.consents_.begin(), witness.consents_.end(), wanted,
        [](const SignedConsent& a, const Consent& b) { return Before(a.consent, b); });
    if (found == witness.consents_.end() || found->consent.content != intent.content ||
        found->consent.owner != owner) {
      return LedgerReason::kNotConsented;
    }
    const PublicKey* known = FindKey(owner);
    if (known == nullptr) return LedgerReason::kUnknownOwner;
    if (intent.now >= found->consent.valid_until) return LedgerReason::kConsentExpired;
    return VerifyStatement<Scheme>(*known, BytesToSign(domain_, found->consent), found->signature);
  }

  void EraseLastDelegation() {
    const auto row = static_cast<std::uint32_t>(delegations_.size() - 1);
    by_pair_.Erase(HashOf(delegations_[row].owner, delegations_[row].venue), row);
    delegations_.PopBack();
  }

  // What the map commits to: under an owner alone the registration, under a pair the delegation.
  struct ContentKey {
    bool is_delegation = false;
    OwnerId owner{};
    OwnerId venue{};
    friend constexpr auto operator<=>(const ContentKey&, const ContentKey&) = default;
    using Fields = Members<&ContentKey::is_delegation, &ContentKey::owner, &ContentKey::venue>;
  };
  using Content = StateMap<ContentKey, Digest, HasherT>;
  [[nodiscard]] static typename Content::Change ChangeOf(const Registration& registration) {
    return {{.is_delegation = false, .owner = registration.owner, .venue = {}},
            HasherT{}.Hash(ByteView(Encode(registration)))};
  }
  [[nodiscard]] static typename Content::Change ChangeOf(const Delegation& delegation) {
    return {{.is_delegation = true, .owner = delegation.owner, .venue = delegation.venue},
            HasherT{}.Hash(ByteView(Encode(delegation)))};
  }
  // Not refused: there are fewer owners and delegations than the map has room for.
  template <typename T>
  Reason Commit(const T& change) {
    const typename Content::Change content = ChangeOf(change);
    return content_.Update(std::span(&content, 1));
  }

  void Apply(Undo& undo) {
    switch (undo.what) {
      case Undo::What::kRegister:
        by_owner_.Erase(HashOf(registrations_[keys_.size() - 1].owner),
                        static_cast<std::uint32_t>(keys_.size() - 1));
        keys_.pop_back();
        registrations_.PopBack();
        return;
      case Undo::What::kDelegate:
        EraseLastDelegation();
        return;
      case Undo::What::kReplace:
        delegations_[undo.row] = std::move(undo.replaced);
        return;
    }
  }

  Domain domain_;
  Bounded<Registration, kMaxOwners> registrations_;
  Bounded<Delegation, kMaxDelegations> delegations_;
  // Derived.
  std::vector<PublicKey> keys_;
  detail::RowIndex by_owner_;
  detail::RowIndex by_pair_;
  Content content_;
  UndoLog<Undo> undo_;

 public:
  // Decoded into a value that was made for the same network and group.
  using Fields = Members<&OwnerKeys::registrations_, &OwnerKeys::delegations_>;

  // After decoding; no mark remains. Errors: kNotCanonical for an owner or a pair that stands
  // twice, kUnknownOwner for a delegation of one without a key, and those of the scheme for a key
  // that it refuses.
  Reason Rebuild() {
    undo_.Clear();
    keys_.clear();
    by_owner_.Clear();
    by_pair_.Clear();
    content_.Clear();
    std::vector<typename Content::Change> content;
    for (const Registration& registration : registrations_) {
      if (FindKey(registration.owner) != nullptr) return BaseReason::kNotCanonical;
      Result<PublicKey> key = PublicKey::From(registration.key.view());
      if (!key.ok()) return key.reason();
      IndexOwner(*std::move(key));
      content.push_back(ChangeOf(registration));
    }
    for (std::uint32_t row = 0; row < delegations_.size(); ++row) {
      const Delegation& delegation = delegations_[row];
      if (FindPair(delegation.owner, delegation.venue) != detail::kNoRow) {
        return BaseReason::kNotCanonical;
      }
      if (FindKey(delegation.owner) == nullptr || FindKey(delegation.venue) == nullptr) {
        return LedgerReason::kUnknownOwner;
      }
      by_pair_.Insert(HashOf(delegation.owner, delegation.venue), row);
      content.push_back(ChangeOf(delegation));
    }
    return content_.Update(content);
  }
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_OWNER_KEYS_H_
