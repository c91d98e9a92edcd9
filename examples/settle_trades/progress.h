// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A progress bar on stderr, where there is a terminal to see it.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_PROGRESS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_PROGRESS_H_

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace settle::example {

class ProgressBar {
 public:
  enum class Visible : std::uint8_t { kNever = 0, kOnTerminal = 1 };

  explicit ProgressBar(Visible visible)
      : shown_(visible == Visible::kOnTerminal && ::isatty(STDERR_FILENO) == 1) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  // Leaves an empty line behind.
  ~ProgressBar() {
    if (shown_) std::fprintf(stderr, "\r%*s\r", static_cast<int>(kWidth + 40), "");
  }

  void Show(std::size_t done, std::size_t total) {
    if (!shown_ || total == 0) return;
    const std::size_t filled = kWidth * done / total;
    const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
    std::fprintf(stderr, "\r[%s] %zu of %zu trades", bar.c_str(), done, total);
    std::fflush(stderr);
  }

 private:
  static constexpr std::size_t kWidth = 40;
  bool shown_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_PROGRESS_H_
