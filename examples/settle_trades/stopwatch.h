// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How the time of a program is divided among what it does. The library has no clock: this is the
// host's.
//
//   Stopwatch<Stage, kStageCount> stopwatch;
//   stopwatch.Enter(Stage::kBooking);     // from here on it is booking's time
//   stopwatch.Enter(Stage::kExecution);   // ... and from here on execution's
//   stopwatch.Stop();
//   stopwatch.seconds(Stage::kBooking);

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_STOPWATCH_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_STOPWATCH_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace settle::example {

// `Stage` is an enum whose values are 0 to kCount - 1.
template <typename Stage, std::size_t kCount>
class Stopwatch {
 public:
  void Enter(Stage stage) {
    Stop();
    stage_ = stage;
  }

  void Stop() {
    const Clock::time_point now = Clock::now();
    if (stage_) durations_[static_cast<std::size_t>(*stage_)] += now - since_;
    stage_.reset();
    since_ = now;
  }

  [[nodiscard]] double seconds(Stage stage) const {
    return std::chrono::duration<double>(durations_[static_cast<std::size_t>(stage)]).count();
  }
  [[nodiscard]] double total_seconds() const {
    double total = 0;
    for (std::size_t i = 0; i < kCount; ++i) total += seconds(static_cast<Stage>(i));
    return total;
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::array<Clock::duration, kCount> durations_{};
  Clock::time_point since_{};
  std::optional<Stage> stage_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_STOPWATCH_H_
