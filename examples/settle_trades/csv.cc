// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/csv.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "settle/base/status.h"

namespace settle::example {

namespace {

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  const auto cannot = [&path] {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": cannot be read: ", std::strerror(errno)));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) return cannot();
  std::string text;
  std::vector<char> buffer(std::size_t{1} << 16);
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text.append(buffer.data(), count);
  }
  if (std::ferror(file.get()) != 0) return cannot();
  return text;
}

std::vector<std::string_view> Split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (const absl::string_view field : absl::StrSplit(ToAbsl(line), ',')) {
    fields.push_back(FromAbsl(field));
  }
  return fields;
}

std::string Quoted(std::string_view text) { return absl::StrCat("\"", ToAbsl(text), "\""); }

}  // namespace

absl::Status BadLine(std::string_view file, std::size_t line, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(file), ":", line, ": ", ToAbsl(what)));
}

absl::StatusOr<CsvTable> CsvTable::Read(const std::string& path,
                                        std::span<const std::string_view> columns) {
  absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (!text.ok()) return text.status();
  return Parse(path, *std::move(text), columns);
}

absl::StatusOr<CsvTable> CsvTable::Parse(const std::string& path, std::string text,
                                         std::span<const std::string_view> columns) {
  CsvTable table;
  table.path_ = path;
  table.text_ = std::move(text);
  table.column_count_ = columns.size();
  const std::string_view all = table.text_;
  if (all.empty()) return BadLine(path, 1, "the file is empty");
  std::size_t line_number = 1;
  for (std::size_t begin = 0; begin < all.size(); ++line_number) {
    const std::size_t end = all.find('\n', begin);
    if (end == std::string_view::npos) {
      return BadLine(path, line_number, "the last line is truncated: no end of line");
    }
    std::string_view line = all.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    absl::Status status =
        line_number == 1 ? table.ReadHeader(line, columns) : table.AddRow(line, line_number);
    if (!status.ok()) return status;
    begin = end + 1;
  }
  return table;
}

absl::Status CsvTable::ReadHeader(std::string_view line,
                                  std::span<const std::string_view> columns) {
  for (const std::string_view name : Split(line)) {
    const auto at = std::find(columns.begin(), columns.end(), name);
    if (at == columns.end()) return BadLine(path_, 1, "unknown column " + Quoted(name));
    const auto place = static_cast<std::size_t>(at - columns.begin());
    if (std::find(place_.begin(), place_.end(), place) != place_.end()) {
      return BadLine(path_, 1, "column " + Quoted(name) + " stands there twice");
    }
    place_.push_back(place);
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (std::find(place_.begin(), place_.end(), i) == place_.end()) {
      return BadLine(path_, 1, "column " + Quoted(columns[i]) + " is missing");
    }
  }
  return absl::OkStatus();
}

absl::Status CsvTable::AddRow(std::string_view line, std::size_t line_number) {
  const std::vector<std::string_view> fields = Split(line);
  if (fields.size() != column_count_) {
    return BadLine(path_, line_number,
                   absl::StrCat(fields.size(), " fields, expected ", column_count_));
  }
  const std::size_t first = fields_.size();
  fields_.resize(first + column_count_);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto begin = static_cast<std::size_t>(fields[i].data() - text_.data());
    fields_[first + place_[i]] = {.begin = begin, .size = fields[i].size()};
  }
  return absl::OkStatus();
}

std::vector<std::string_view> CsvTable::Row(std::size_t row) const {
  std::vector<std::string_view> fields;
  fields.reserve(column_count_);
  for (std::size_t i = 0; i < column_count_; ++i) {
    const Range& range = fields_[row * column_count_ + i];
    fields.push_back(std::string_view(text_).substr(range.begin, range.size));
  }
  return fields;
}

}  // namespace settle::example
