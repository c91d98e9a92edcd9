// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "tests/examples/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

namespace settle::test {
namespace {

// Starts the program with stdout and stderr in these files.
pid_t Start(const std::string& program, const std::vector<std::string>& arguments,
            const std::string& out, const std::string& err) {
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), program);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t id = ::fork();
  if (id != 0) return id;
  const int out_file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_file = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (::dup2(out_file, STDOUT_FILENO) < 0 || ::dup2(err_file, STDERR_FILENO) < 0) ::_exit(126);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int ExitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProgramResult RunProgram(const std::string& program, const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const pid_t id = Start(program, arguments, folder.File("out"), folder.File("err"));
  ProgramResult result;
  int status = 0;
  if (id < 0 || ::waitpid(id, &status, 0) != id) {
    ADD_FAILURE() << "cannot run " << program;
    return result;
  }
  result.exit_code = ExitCode(status);
  result.out = ReadText(folder.File("out"));
  result.err = ReadText(folder.File("err"));
  return result;
}

std::string RunOnTerminal(const std::string& program, const std::vector<std::string>& arguments) {
  std::string text;
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0) {
    ADD_FAILURE() << "cannot open a terminal";
    return text;
  }
  const pid_t id = Start(program, arguments, "/dev/null", ::ptsname(terminal));
  std::array<char, 4096> buffer{};
  // Ends with an error when the program, the last to have the terminal open, is gone.
  for (ssize_t count = 0; (count = ::read(terminal, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(terminal);
  ::waitpid(id, nullptr, 0);
  return text;
}

RunningProgram::RunningProgram(const std::string& program,
                               const std::vector<std::string>& arguments)
    : id_(Start(program, arguments, "/dev/null", "/dev/null")) {}

RunningProgram::~RunningProgram() {
  if (!ended_) End(SIGKILL);
}

int RunningProgram::End(int signal) {
  if (!ended_) {
    ::kill(id_, signal);
    ::waitpid(id_, &status_, 0);
    ended_ = true;
  }
  return ExitCode(status_);
}

bool RunningProgram::HasEnded() {
  if (!ended_) ended_ = ::waitpid(id_, &status_, WNOHANG) == id_;
  return ended_;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "settle-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make " << name;
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TemporaryFolder::List() const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(path_, error), end; !error && at != end;
       at.increment(error)) {
    names.push_back(std::filesystem::relative(at->path(), path_, error).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ReadText(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

void WriteText(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file.good()) ADD_FAILURE() << "cannot write " << path;
}

}  // namespace settle::test
