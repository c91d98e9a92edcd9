// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Runs a program as a user does, and folders to run it in.

#ifndef SETTLE_TESTS_EXAMPLES_PROGRAM_H_
#define SETTLE_TESTS_EXAMPLES_PROGRAM_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace settle::test {

struct ProgramResult {
  int exit_code = -1;  // 128 + the signal's number when one ended it
  std::string out;
  std::string err;
};

// Waits for the end of the program.
ProgramResult RunProgram(const std::string& program, const std::vector<std::string>& arguments);

// What the program writes to a terminal that is its stderr.
std::string RunOnTerminal(const std::string& program, const std::vector<std::string>& arguments);

// A program that runs until it is ended.
class RunningProgram {
 public:
  RunningProgram(const std::string& program, const std::vector<std::string>& arguments);
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;
  ~RunningProgram();

  // Sends the signal and waits for the end; the exit code as above.
  int End(int signal);
  // True once it has ended by itself.
  bool HasEnded();

 private:
  pid_t id_;
  int status_ = 0;
  bool ended_ = false;
};

// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string File(std::string_view name) const { return (path_ / name).string(); }
  // Everything in it, at any depth, sorted.
  [[nodiscard]] std::vector<std::string> List() const;

 private:
  std::filesystem::path path_;
};

std::string ReadText(const std::string& path);
void WriteText(const std::string& path, std::string_view text);

}  // namespace settle::test

#endif  // SETTLE_TESTS_EXAMPLES_PROGRAM_H_
