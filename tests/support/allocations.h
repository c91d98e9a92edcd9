// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Counts allocations: every test binary's `operator new` is replaced by one that counts.
//
//   const AllocationCounter counter;
//   Step(...);
//   EXPECT_EQ(counter.calls(), 0u);
//
// Only the thread's own calls of `operator new` in all its forms are seen; OpenSSL, which calls
// malloc, is not. Print nothing and assert nothing between the two lines: GoogleTest allocates.

#ifndef SETTLE_TESTS_SUPPORT_ALLOCATIONS_H_
#define SETTLE_TESTS_SUPPORT_ALLOCATIONS_H_

#include <cstddef>
#include <cstdint>

namespace settle::test {

// What this thread has allocated since it started.
struct AllocationTotals {
  std::size_t calls = 0;
  std::size_t bytes = 0;
  std::size_t frees = 0;
  // Allocated less freed, each with what the allocator rounded it up to.
  std::int64_t held = 0;
};
AllocationTotals ThreadAllocations();

// What this thread has allocated since the counter was made.
class AllocationCounter {
 public:
  AllocationCounter() : start_(ThreadAllocations()) {}
  [[nodiscard]] std::size_t calls() const { return ThreadAllocations().calls - start_.calls; }
  [[nodiscard]] std::size_t bytes() const { return ThreadAllocations().bytes - start_.bytes; }
  [[nodiscard]] std::size_t frees() const { return ThreadAllocations().frees - start_.frees; }
  [[nodiscard]] std::int64_t held() const { return ThreadAllocations().held - start_.held; }

 private:
  AllocationTotals start_;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_SUPPORT_ALLOCATIONS_H_
