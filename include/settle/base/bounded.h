// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A sequence whose bound is in its type, for every collection that a remote party can grow.
//
//   Bounded<Leg, 1024> legs;
//   if (!legs.Add(leg)) return BaseReason::kTooMany;

#ifndef SETTLE_BASE_BOUNDED_H_
#define SETTLE_BASE_BOUNDED_H_

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

// A sequence of at most kBound elements. A remote party can never make it longer. As a contiguous
// range it converts to `std::span<const T>`.
template <typename T, std::size_t kBound>
class Bounded {
 public:
  using value_type = T;
  static constexpr std::size_t kMax = kBound;
  static_assert(kBound <= 0xffffffff, "a sequence's length is encoded in four bytes");
  static_assert(!std::same_as<T, bool>, "a vector of bool has no bool elements: use std::uint8_t");

  Bounded() = default;

  // The elements of `values`, or nothing when they are more than the bound.
  [[nodiscard]] static std::optional<Bounded> From(std::vector<T> values) {
    if (values.size() > kBound) return std::nullopt;
    Bounded result;
    result.values_ = std::move(values);
    return result;
  }

  // False, with the sequence untouched, when it is full.
  [[nodiscard]] bool Add(T value) {
    if (values_.size() == kBound) return false;
    values_.push_back(std::move(value));
    return true;
  }
  // `count` default values; false, with the sequence untouched, above the bound.
  [[nodiscard]] bool Resize(std::size_t count) {
    if (count > kBound) return false;
    values_.resize(count);
    return true;
  }
  void Clear() { values_.clear(); }
  // Removes the last element, if there is one.
  void PopBack() {
    if (!values_.empty()) values_.pop_back();
  }

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] const T& operator[](std::size_t i) const { return values_[i]; }
  [[nodiscard]] T& operator[](std::size_t i) { return values_[i]; }
  [[nodiscard]] const T* data() const { return values_.data(); }
  [[nodiscard]] T* data() { return values_.data(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  auto begin() { return values_.begin(); }
  auto end() { return values_.end(); }

  friend bool operator==(const Bounded& a, const Bounded& b) { return a.values_ == b.values_; }

 private:
  std::vector<T> values_;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_BOUNDED_H_
