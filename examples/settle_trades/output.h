// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A folder that appears whole or not at all.
//
// Files are written into a hidden folder beside the one asked for, which takes its name with one
// rename at the end. Until then the name stands for what it stood for before: nothing, an empty
// folder, or an earlier output, which is then replaced. A folder with anything else in it is left
// alone and refused, and so is one that cannot be written, before any work is done.
//
//   validators.set                      a TrustRoot: all that verify_settlement --trust needs
//   headers/<height>.header             a Header
//   certificates/<height>.certificate   its commit Certificate
//   proofs/<height>/<id>.proof          a SettlementProof for each settled trade of that height
//   summary.json                        what --json prints

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_OUTPUT_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_OUTPUT_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/settle_trades/runner.h"
#include "settle/base/bytes.h"

namespace settle::example {

class OutputFolder {
 public:
  // Errors: InvalidArgument when `path` cannot become the output, with nothing changed.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<OutputFolder>> Create(
      const std::string& path);

  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  // Removes what was not published.
  ~OutputFolder();

  // Writes a file of the folder; `name` may have one folder more in it. Errors: InvalidArgument.
  [[nodiscard]] absl::Status Write(const std::string& name, ByteView bytes);

  // Makes the folder what `path` names. Errors: InvalidArgument.
  [[nodiscard]] absl::Status Publish();

 private:
  OutputFolder(std::filesystem::path target, std::filesystem::path partial)
      : target_(std::move(target)), partial_(std::move(partial)) {}

  std::filesystem::path target_;
  std::filesystem::path partial_;
};

// The runner's last block: its header, its certificate and the proofs of its receipts.
[[nodiscard]] absl::Status WriteBlock(OutputFolder& folder, const TradeStream& stream,
                                      const Runner& runner);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_OUTPUT_H_
