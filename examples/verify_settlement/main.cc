// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Verifies one settlement from a proof and a validator set, and says what was settled. It knows
// nothing of the ledger, the trades or the program that wrote the proof.

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "examples/verify_settlement/arguments.h"
#include "examples/verify_settlement/verify.h"

namespace settle::example {
namespace {

constexpr int kProved = 0;
constexpr int kNotProved = 1;
constexpr int kCannotRead = 2;
// No record that is read here is larger.
constexpr std::size_t kMostBytes = std::size_t{1} << 25;

int Fail(int code, const std::string& path, const absl::Status& status) {
  std::fprintf(stderr, "verify_settlement: %s: %s\n", path.c_str(),
               std::string(status.message()).c_str());
  return code;
}

absl::StatusOr<std::vector<std::byte>> ReadFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) return absl::NotFoundError(std::strerror(errno));
  std::vector<std::byte> bytes;
  std::vector<std::byte> buffer(std::size_t{1} << 16);
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
    if (bytes.size() > kMostBytes) {
      return absl::InvalidArgumentError(absl::StrCat("longer than ", kMostBytes, " bytes"));
    }
  }
  if (std::ferror(file.get()) != 0) return absl::DataLossError(std::strerror(errno));
  return bytes;
}

int Main(int argc, const char* const* argv) {
  const auto parsed = ParseVerifyArguments(argc, argv);
  if (const auto* exit = std::get_if<VerifyExitCode>(&parsed)) return exit->code;
  const auto& arguments = *std::get_if<VerifyArguments>(&parsed);

  const auto trust_bytes = ReadFile(arguments.trust);
  if (!trust_bytes.ok()) return Fail(kCannotRead, arguments.trust, trust_bytes.status());
  const auto proof_bytes = ReadFile(arguments.proof);
  if (!proof_bytes.ok()) return Fail(kCannotRead, arguments.proof, proof_bytes.status());
  const absl::StatusOr<Trust> trust = DecodeTrust(*trust_bytes);
  if (!trust.ok()) return Fail(kCannotRead, arguments.trust, trust.status());
  const absl::StatusOr<Settlement> settlement = CheckProof(*trust, *proof_bytes);
  if (!settlement.ok()) return Fail(kNotProved, arguments.proof, settlement.status());
  std::fputs(Describe(*trust, *settlement).c_str(), stdout);
  return kProved;
}

}  // namespace
}  // namespace settle::example

int main(int argc, char** argv) { return settle::example::Main(argc, argv); }
