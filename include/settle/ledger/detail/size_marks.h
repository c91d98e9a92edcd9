// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Marks for what only grows at its end: to take it back is to cut it to the size it had. See
// settle/base/revertible.h, whose rules these marks keep.

#ifndef SETTLE_LEDGER_DETAIL_SIZE_MARKS_H_
#define SETTLE_LEDGER_DETAIL_SIZE_MARKS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

class SizeMarks {
 public:
  // Errors: kTooManyMarks.
  [[nodiscard]] Result<Mark> Begin(std::uint64_t size) {
    if (set_.size() == kMaxMarks) return BaseReason::kTooManyMarks;
    set_.push_back({Mark{++last_serial_}, size});
    return set_.back().mark;
  }

  // The size when `mark` was set; forgets it and those set after it. Errors: kNoSuchMark.
  [[nodiscard]] Result<std::uint64_t> RevertTo(Mark mark) {
    const std::size_t at = Find(mark);
    if (at == set_.size()) return BaseReason::kNoSuchMark;
    const std::uint64_t size = set_[at].size;
    set_.erase(set_.begin() + static_cast<std::ptrdiff_t>(at), set_.end());
    return size;
  }

  // Forgets the mark alone. Errors: kNoSuchMark.
  Reason Release(Mark mark) {
    const std::size_t at = Find(mark);
    if (at == set_.size()) return BaseReason::kNoSuchMark;
    set_.erase(set_.begin() + static_cast<std::ptrdiff_t>(at));
    return {};
  }

  // Forgets all marks; their serials are still not used again.
  void Clear() { set_.clear(); }

  // Between these sizes nothing may be cut or pruned: marks are set at sizes that never fall. 0 and
  // 2^64 - 1 without a mark.
  [[nodiscard]] std::uint64_t highest() const { return set_.empty() ? 0 : set_.back().size; }
  [[nodiscard]] std::uint64_t lowest() const {
    return set_.empty() ? ~std::uint64_t{0} : set_.front().size;
  }

 private:
  struct Set {
    Mark mark;
    std::uint64_t size;
  };

  [[nodiscard]] std::size_t Find(Mark mark) const {
    std::size_t at = 0;
    while (at < set_.size() && set_[at].mark != mark) ++at;
    return at;
  }

  std::vector<Set> set_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_SIZE_MARKS_H_
