// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "tests/examples/simulated_disk.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace settle::test {

using example::Bytes;

namespace {

void Apply(const DiskState::Change& change, Bytes& content) {
  if (change.cut_to) content.resize(std::min(content.size(), *change.cut_to));
  content.insert(content.end(), change.written.begin(), change.written.end());
}

Bytes ContentOf(const DiskState::File& file) {
  Bytes content = file.durable;
  for (const DiskState::Change& change : file.pending) Apply(change, content);
  return content;
}

// The name is taken away from whatever has it, and given to the file.
void Apply(const DiskState::Renaming& renaming, std::map<std::string, std::size_t>& names) {
  if (!renaming.from.empty()) names.erase(renaming.from);
  if (!renaming.to.empty()) names[renaming.to] = renaming.file;
}

// Where a sector ends, from the first after `from` up to and with `to`.
std::vector<std::size_t> Boundaries(std::size_t from, std::size_t to) {
  std::vector<std::size_t> all;
  for (std::size_t at = (from / kSectorSize + 1) * kSectorSize; at < to; at += kSectorSize) {
    all.push_back(at);
  }
  all.push_back(to);
  return all;
}

void FillZero(Bytes& content, std::size_t from, std::size_t to) {
  std::fill(content.begin() + static_cast<std::ptrdiff_t>(from),
            content.begin() + static_cast<std::ptrdiff_t>(to), std::byte{});
}

// What may be found in the place of bytes `start` to the end of `content`.
void AddTorn(const Bytes& content, std::size_t start, std::set<Bytes>& all) {
  std::size_t sector = start;
  for (const std::size_t boundary : Boundaries(start, content.size())) {
    all.insert(Bytes(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(boundary)));
    Bytes only_before = content;
    FillZero(only_before, boundary, content.size());
    all.insert(std::move(only_before));
    Bytes only_after = content;
    FillZero(only_after, start, boundary);
    all.insert(std::move(only_after));
    Bytes all_but_one = content;
    FillZero(all_but_one, sector, boundary);
    all.insert(std::move(all_but_one));
    sector = boundary;
  }
}

std::set<Bytes> PossibleContents(const DiskState::File& file) {
  std::set<Bytes> all = {file.durable};
  Bytes content = file.durable;
  for (const DiskState::Change& change : file.pending) {
    Apply(change, content);
    all.insert(content);
    AddTorn(content, content.size() - change.written.size(), all);
  }
  // Everything since the sync as if it were one write.
  if (content.size() > file.durable.size() && file.pending.size() > 1) {
    AddTorn(content, file.durable.size(), all);
  }
  return all;
}

using Names = std::map<std::string, std::size_t>;

// All subsets of up to six; of more, each prefix, and all but each one.
std::set<Names> PossibleNames(const DiskState& state) {
  std::set<Names> all;
  const std::size_t count = state.renamings.size();
  const auto add = [&](const auto& is_done) {
    Names names = state.durable_names;
    for (std::size_t i = 0; i < count; ++i) {
      if (is_done(i)) Apply(state.renamings[i], names);
    }
    all.insert(std::move(names));
  };
  if (count <= 6) {
    for (std::uint32_t subset = 0; subset < (1u << count); ++subset) {
      add([&](std::size_t i) { return (subset >> i & 1) != 0; });
    }
    return all;
  }
  for (std::size_t one = 0; one <= count; ++one) {
    add([&](std::size_t i) { return i < one; });
    add([&](std::size_t i) { return i != one; });
  }
  return all;
}

}  // namespace

SimulatedDisk::SimulatedDisk(const std::map<std::string, Bytes>& contents) : fault_(Fault::kNone) {
  for (const auto& [name, content] : contents) {
    state_.names[name] = state_.files.size();
    state_.files.push_back({.durable = content, .pending = {}});
  }
  state_.durable_names = state_.names;
}

absl::Status SimulatedDisk::Begin(const std::string& name, DiskState::File** file) {
  if (fail_from_ && operations_ >= *fail_from_) return absl::UnavailableError("the disk failed");
  if (file == nullptr) return absl::OkStatus();
  const auto found = state_.names.find(name);
  if (found == state_.names.end()) return absl::UnavailableError(name + ": there is none");
  *file = &state_.files[found->second];
  return absl::OkStatus();
}

absl::Status SimulatedDisk::End() {
  ++operations_;
  crash_points_.push_back({state_, acknowledged_});
  return absl::OkStatus();
}

void SimulatedDisk::MakeDurable(std::size_t file) {
  state_.files[file].durable = ContentOf(state_.files[file]);
  state_.files[file].pending.clear();
}

void SimulatedDisk::Acknowledge(std::uint64_t height) {
  acknowledged_ = height;
  crash_points_.push_back({state_, acknowledged_});
  for (const std::size_t file : late_syncs_) MakeDurable(file);
  late_syncs_.clear();
  syncs_since_acknowledged_ = 0;
}

std::map<std::string, Bytes> SimulatedDisk::Contents() const {
  std::map<std::string, Bytes> contents;
  for (const auto& [name, file] : state_.names) contents[name] = ContentOf(state_.files[file]);
  return contents;
}

absl::StatusOr<std::vector<std::string>> SimulatedDisk::List() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : state_.names) names.push_back(name);
  return names;
}

absl::StatusOr<Bytes> SimulatedDisk::Read(const std::string& name) const {
  const auto found = state_.names.find(name);
  if (found == state_.names.end()) return absl::UnavailableError(name + ": there is none");
  return ContentOf(state_.files[found->second]);
}

absl::Status SimulatedDisk::Create(const std::string& name) {
  if (absl::Status status = Begin(name, nullptr); !status.ok()) return status;
  if (const auto found = state_.names.find(name); found != state_.names.end()) {
    state_.files[found->second].pending.push_back({.cut_to = 0, .written = {}});
    return End();
  }
  const DiskState::Renaming made{.file = state_.files.size(), .from = {}, .to = name};
  state_.files.push_back({});
  settle::test::Apply(made, state_.names);
  state_.renamings.push_back(made);
  return End();
}

absl::Status SimulatedDisk::Append(const std::string& name, ByteView bytes) {
  DiskState::File* file = nullptr;
  if (absl::Status status = Begin(name, &file); !status.ok()) return status;
  file->pending.push_back({.cut_to = {}, .written = Bytes(bytes.begin(), bytes.end())});
  return End();
}

absl::Status SimulatedDisk::Truncate(const std::string& name, std::size_t size) {
  DiskState::File* file = nullptr;
  if (absl::Status status = Begin(name, &file); !status.ok()) return status;
  file->pending.push_back({.cut_to = size, .written = {}});
  return End();
}

absl::Status SimulatedDisk::Sync(const std::string& name) {
  DiskState::File* file = nullptr;
  if (absl::Status status = Begin(name, &file); !status.ok()) return status;
  const std::size_t number = state_.names[name];
  switch (fault_) {
    case Fault::kNone:
    case Fault::kNoDirectorySync:
      MakeDurable(number);
      break;
    case Fault::kNoSync:
      break;
    case Fault::kAcknowledgeBeforeSync:
      late_syncs_.push_back(number);
      break;
    case Fault::kNoSecondSync:
      if (++syncs_since_acknowledged_ != 2) MakeDurable(number);
      break;
  }
  return End();
}

absl::Status SimulatedDisk::Rename(const std::string& from, const std::string& to) {
  DiskState::File* file = nullptr;
  if (absl::Status status = Begin(from, &file); !status.ok()) return status;
  const DiskState::Renaming renamed{.file = state_.names[from], .from = from, .to = to};
  settle::test::Apply(renamed, state_.names);
  state_.renamings.push_back(renamed);
  return End();
}

absl::Status SimulatedDisk::Remove(const std::string& name) {
  DiskState::File* file = nullptr;
  if (absl::Status status = Begin(name, &file); !status.ok()) return status;
  const DiskState::Renaming removed{.file = state_.names[name], .from = name, .to = {}};
  settle::test::Apply(removed, state_.names);
  state_.renamings.push_back(removed);
  return End();
}

absl::Status SimulatedDisk::SyncDirectory() {
  if (absl::Status status = Begin({}, nullptr); !status.ok()) return status;
  if (fault_ != Fault::kNoDirectorySync) {
    state_.durable_names = state_.names;
    state_.renamings.clear();
  }
  return End();
}

void ForEachDisk(const DiskState& state,
                 const std::function<void(const std::map<std::string, Bytes>&)>& visit) {
  // One file at a time is torn; the others are there with all or with nothing of what is pending.
  std::vector<std::set<Bytes>> possible;
  for (const DiskState::File& file : state.files) possible.push_back(PossibleContents(file));
  for (const Names& names : PossibleNames(state)) {
    std::set<std::map<std::string, Bytes>> seen;
    for (const bool all_of_others : {false, true}) {
      std::map<std::string, Bytes> found;
      for (const auto& [name, file] : names) {
        found[name] = all_of_others ? ContentOf(state.files[file]) : state.files[file].durable;
      }
      if (seen.insert(found).second) visit(found);
      for (const auto& [name, file] : names) {
        if (state.files[file].pending.empty()) continue;
        const Bytes kept = found[name];
        for (const Bytes& content : possible[file]) {
          found[name] = content;
          if (seen.insert(found).second) visit(found);
        }
        found[name] = kept;
      }
    }
  }
}

}  // namespace settle::test
