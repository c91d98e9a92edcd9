// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/durable_ledger/disk_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace settle::example {
namespace {

absl::Status LastError(const std::string& path, std::string_view what) {
  return absl::UnavailableError(
      absl::StrCat(path, ": cannot ", std::string(what), ": ", std::strerror(errno)));
}

// Calls again what a signal interrupted.
template <typename Call>
auto Again(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Makes the folder, durably if there was none: its entry is in its parent.
absl::Status MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) != 0) {
    return errno == EEXIST ? absl::OkStatus() : LastError(path, "be made");
  }
  const int parent = ::open(absl::StrCat(path, "/..").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0) return LastError(path, "open what it is in");
  const bool synced = Again([parent] { return ::fsync(parent); }) == 0;
  const absl::Status status = synced ? absl::OkStatus() : LastError(path, "sync what it is in");
  ::close(parent);
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DiskFiles>> DiskFiles::Open(const std::string& path, Access access) {
  const bool writes = access == Access::kWrite;
  if (writes) {
    if (absl::Status status = MakeFolder(path); !status.ok()) return status;
  }
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return LastError(path, "be opened");
  if (::flock(folder, (writes ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    const absl::Status status = LastError(path, "be locked, another process uses it");
    ::close(folder);
    return status;
  }
  return std::unique_ptr<DiskFiles>(new DiskFiles(path, folder));
}

DiskFiles::~DiskFiles() {
  Close();
  ::close(folder_);
}

void DiskFiles::Close() {
  if (open_file_ >= 0) ::close(open_file_);
  open_file_ = -1;
  open_name_.clear();
}

absl::Status DiskFiles::OpenToWrite(const std::string& name, int flags) {
  if (open_file_ >= 0 && open_name_ == name && flags == 0) return absl::OkStatus();
  Close();
  open_file_ = ::openat(folder_, name.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666);
  if (open_file_ < 0) return LastError(absl::StrCat(path_, "/", name), "open to write");
  open_name_ = name;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> DiskFiles::List() const {
  // The folder is opened anew: a listing moves the place of reading.
  DIR* folder = ::opendir(path_.c_str());
  if (folder == nullptr) return LastError(path_, "be listed");
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(folder);
  return names;
}

absl::StatusOr<Bytes> DiskFiles::Read(const std::string& name) const {
  const std::string path = absl::StrCat(path_, "/", name);
  const int file = ::openat(folder_, name.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return LastError(path, "be opened");
  struct stat about {};
  Bytes bytes;
  if (::fstat(file, &about) == 0) bytes.resize(static_cast<std::size_t>(about.st_size));
  std::size_t at = 0;
  absl::Status status;
  while (at < bytes.size()) {
    const auto count = Again([&] { return ::read(file, bytes.data() + at, bytes.size() - at); });
    if (count <= 0) {
      status = count < 0 ? LastError(path, "be read") : absl::DataLossError(path + ": got shorter");
      break;
    }
    at += static_cast<std::size_t>(count);
  }
  ::close(file);
  if (!status.ok()) return status;
  return bytes;
}

absl::Status DiskFiles::Create(const std::string& name) {
  return OpenToWrite(name, O_CREAT | O_TRUNC);
}

absl::Status DiskFiles::Append(const std::string& name, ByteView bytes) {
  if (absl::Status status = OpenToWrite(name, 0); !status.ok()) return status;
  while (!bytes.empty()) {
    const auto count = Again([&] { return ::write(open_file_, bytes.data(), bytes.size()); });
    if (count < 0) return LastError(absl::StrCat(path_, "/", name), "be written");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status DiskFiles::Truncate(const std::string& name, std::size_t size) {
  if (absl::Status status = OpenToWrite(name, 0); !status.ok()) return status;
  if (Again([&] { return ::ftruncate(open_file_, static_cast<off_t>(size)); }) != 0) {
    return LastError(absl::StrCat(path_, "/", name), "be cut");
  }
  return absl::OkStatus();
}

absl::Status DiskFiles::Sync(const std::string& name) {
  if (absl::Status status = OpenToWrite(name, 0); !status.ok()) return status;
  if (Again([this] { return ::fdatasync(open_file_); }) == 0) return absl::OkStatus();
  return LastError(absl::StrCat(path_, "/", name), "be synced");
}

absl::Status DiskFiles::Rename(const std::string& from, const std::string& to) {
  if (open_name_ == from) Close();
  if (::renameat(folder_, from.c_str(), folder_, to.c_str()) == 0) return absl::OkStatus();
  return LastError(absl::StrCat(path_, "/", from), "be renamed");
}

absl::Status DiskFiles::Remove(const std::string& name) {
  if (open_name_ == name) Close();
  if (::unlinkat(folder_, name.c_str(), 0) == 0) return absl::OkStatus();
  return LastError(absl::StrCat(path_, "/", name), "be removed");
}

absl::Status DiskFiles::SyncDirectory() {
  if (Again([this] { return ::fsync(folder_); }) == 0) return absl::OkStatus();
  return LastError(path_, "be synced");
}

}  // namespace settle::example
