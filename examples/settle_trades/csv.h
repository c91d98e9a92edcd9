// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A table in a file of comma-separated values, read whole and strictly.
//
// The first line names the columns; they may stand in any order, but each of those asked for stands
// there once and no other does. Every line ends in a newline and has a field for each column. There
// are no quotes: a field holds no comma.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_CSV_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_CSV_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace settle::example {

// "fills.csv:17: what": every refusal of a file's content reads so.
[[nodiscard]] absl::Status BadLine(std::string_view file, std::size_t line, std::string_view what);

class CsvTable {
 public:
  // Errors: InvalidArgument, with file and line, for a file that cannot be read or is not as above.
  [[nodiscard]] static absl::StatusOr<CsvTable> Read(const std::string& path,
                                                     std::span<const std::string_view> columns);
  // The same of a text that was read elsewhere; `path` is for messages.
  [[nodiscard]] static absl::StatusOr<CsvTable> Parse(const std::string& path, std::string text,
                                                      std::span<const std::string_view> columns);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t row_count() const { return fields_.size() / column_count_; }
  // The fields of a row, in the order in which the columns were asked for.
  [[nodiscard]] std::vector<std::string_view> Row(std::size_t row) const;
  // The line of a row in the file: the first row stands in line 2.
  [[nodiscard]] static std::size_t LineOf(std::size_t row) { return row + 2; }

 private:
  struct Range {
    std::size_t begin = 0;
    std::size_t size = 0;
  };

  absl::Status ReadHeader(std::string_view line, std::span<const std::string_view> columns);
  absl::Status AddRow(std::string_view line, std::size_t line_number);

  std::string path_;
  std::string text_;
  std::size_t column_count_ = 1;
  std::vector<std::size_t> place_;  // of each field of a line among the columns asked for
  std::vector<Range> fields_;       // into text_, row by row
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_CSV_H_
