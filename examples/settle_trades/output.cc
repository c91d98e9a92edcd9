// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "settle/base/codec.h"
#include "settle/base/text.h"

namespace settle::example {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 5> kOwnNames = {"validators.set", "headers", "certificates",
                                                       "proofs", "summary.json"};

absl::Status Refuse(const fs::path& path, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--out ", path.string(), ": ", std::string(what)));
}
absl::Status Refuse(const fs::path& path, std::string_view what, const std::error_code& error) {
  return Refuse(path, absl::StrCat(std::string(what), ": ", error.message()));
}
std::error_code LastError() { return {errno, std::generic_category()}; }

// Nothing but what an earlier output holds.
absl::Status CheckReplaceable(const fs::path& target) {
  std::error_code error;
  fs::directory_iterator at(target, error);
  if (error) return Refuse(target, "cannot be read", error);
  for (; at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (std::find(kOwnNames.begin(), kOwnNames.end(), name) == kOwnNames.end()) {
      return Refuse(target, absl::StrCat("is not empty and no earlier output: it has ", name));
    }
    if (error) return Refuse(target, "cannot be read", error);
  }
  return absl::OkStatus();
}

absl::Status CheckTarget(const fs::path& target) {
  struct stat here {};
  struct stat parent {};
  if (::lstat(target.c_str(), &here) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Refuse(target, "cannot be used", LastError());
  }
  if (!S_ISDIR(here.st_mode)) return Refuse(target, "exists and is no folder");
  if (::stat(target.parent_path().c_str(), &parent) == 0 && parent.st_dev != here.st_dev) {
    return Refuse(target, "is where a file system is mounted; name a folder in it");
  }
  if (::access(target.c_str(), W_OK) != 0) return Refuse(target, "cannot be written", LastError());
  return CheckReplaceable(target);
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFolder>> OutputFolder::Create(const std::string& path) {
  if (path.empty()) return Refuse(path, "names nothing");
  std::error_code error;
  // Without "." and "..", so that there is a parent and a last name.
  fs::path target = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) return Refuse(path, "cannot be used", error);
  if (!target.has_filename()) target = target.parent_path();
  if (!target.has_filename()) return Refuse(path, "cannot be replaced");
  fs::create_directories(target.parent_path(), error);
  if (error) return Refuse(target, "its folder cannot be made", error);
  if (absl::Status status = CheckTarget(target); !status.ok()) return status;

  std::string partial = absl::StrCat(target.parent_path().string(), "/.",
                                     target.filename().string(), ".partial-XXXXXX");
  if (::mkdtemp(partial.data()) == nullptr) {
    return Refuse(target, "the folder that is to hold it cannot be written", LastError());
  }
  (void)::chmod(partial.c_str(), 0755);
  std::unique_ptr<OutputFolder> folder(new OutputFolder(std::move(target), partial));
  for (const char* name : {"headers", "certificates", "proofs"}) {
    if (!fs::create_directory(folder->partial_ / name, error)) {
      return Refuse(folder->target_, "cannot be written", error);
    }
  }
  return folder;
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!partial_.empty()) fs::remove_all(partial_, ignored);
}

absl::Status OutputFolder::Write(const std::string& name, ByteView bytes) {
  const fs::path path = partial_ / name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr && errno == ENOENT) {
    std::error_code error;
    fs::create_directory(path.parent_path(), error);
    file = std::fopen(path.c_str(), "wb");
  }
  if (file == nullptr) return Refuse(target_, absl::StrCat("cannot write ", name), LastError());
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  // A full disk may be noticed as late as here.
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed) {
    return Refuse(target_, absl::StrCat("cannot write ", name), LastError());
  }
  return absl::OkStatus();
}

absl::Status OutputFolder::Publish() {
  // Takes the place of nothing or of an empty folder.
  bool published = ::rename(partial_.c_str(), target_.c_str()) == 0;
#ifdef RENAME_EXCHANGE
  // The earlier output and this one change places in one step.
  const bool exchanged = !published && ::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD,
                                                   target_.c_str(), RENAME_EXCHANGE) == 0;
#else
  const bool exchanged = false;
#endif
  std::error_code ignored;
  if (exchanged) {
    fs::remove_all(partial_, ignored);
    published = true;
  }
  if (!published) {
    // Two steps, where there is no other way.
    const fs::path replaced = partial_.string() + ".replaced";
    if (::rename(target_.c_str(), replaced.c_str()) != 0) {
      return Refuse(target_, "cannot be replaced", LastError());
    }
    if (::rename(partial_.c_str(), target_.c_str()) != 0) {
      const std::error_code error = LastError();
      (void)::rename(replaced.c_str(), target_.c_str());
      return Refuse(target_, "cannot be written", error);
    }
    fs::remove_all(replaced, ignored);
  }
  partial_.clear();
  return absl::OkStatus();
}

namespace {

template <RecordType T>
absl::Status WriteRecord(OutputFolder& folder, const std::string& name, const T& record) {
  return folder.Write(name, EncodeRecord(record));
}

}  // namespace

absl::Status WriteBlock(OutputFolder& folder, const TradeStream& stream, const Runner& runner) {
  const std::uint64_t height = runner.result().header.height.value();
  const std::string name = absl::StrFormat("%06d", height);
  absl::Status status =
      WriteRecord(folder, absl::StrCat("headers/", name, ".header"), runner.result().header);
  if (status.ok()) {
    status = WriteRecord(folder, absl::StrCat("certificates/", name, ".certificate"),
                         runner.certificate());
  }
  const bool is_genesis = height == 0;
  std::size_t receipt = 0;
  for (std::size_t i = 0; status.ok() && i < runner.transactions().size(); ++i) {
    if (runner.result().verdicts[i].disposition != Disposition::kApplied) continue;
    const std::string id = is_genesis ? absl::StrCat("genesis-", i + 1)
                                      : absl::StrCat(stream.trades[runner.first_trade() + i].id);
    status = WriteRecord(folder, absl::StrCat("proofs/", name, "/", id, ".proof"),
                         runner.ProofOf(receipt++));
  }
  if (status.ok() && is_genesis) {
    status = WriteRecord(folder, "validators.set", runner.trust_root());
  }
  return status;
}

}  // namespace settle::example
