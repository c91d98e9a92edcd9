// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "settle/base/bytes.h"
#include "tests/examples/program.h"

namespace settle::example {
namespace {

using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<OutputFolder> Make(const std::string& path) {
  absl::StatusOr<std::unique_ptr<OutputFolder>> folder = OutputFolder::Create(path);
  EXPECT_TRUE(folder.ok()) << folder.status();
  return folder.ok() ? *std::move(folder) : nullptr;
}

std::string Refusal(const std::string& path) {
  const absl::StatusOr<std::unique_ptr<OutputFolder>> folder = OutputFolder::Create(path);
  EXPECT_FALSE(folder.ok()) << path;
  return std::string(folder.status().message());
}

void Write(OutputFolder& folder, const std::string& name, const std::string& text) {
  const absl::Status status = folder.Write(name, AsBytes(text));
  EXPECT_TRUE(status.ok()) << status;
}

TEST(OutputFolder, AppearsWholeWithOneRename) {
  const TemporaryFolder temporary;
  const std::string path = temporary.File("a/b/out");  // whose folders do not exist yet
  const std::unique_ptr<OutputFolder> folder = Make(path);
  ASSERT_NE(folder, nullptr);
  Write(*folder, "summary.json", "{}");
  Write(*folder, "proofs/000001/7.proof", "proof");
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(folder->Publish().ok());
  EXPECT_THAT(temporary.List(),
              ElementsAre("a", "a/b", "a/b/out", "a/b/out/certificates", "a/b/out/headers",
                          "a/b/out/proofs", "a/b/out/proofs/000001",
                          "a/b/out/proofs/000001/7.proof", "a/b/out/summary.json"));
  EXPECT_EQ(test::ReadText(path + "/proofs/000001/7.proof"), "proof");
}

TEST(OutputFolder, LeavesNothingWhenItIsNotPublished) {
  const TemporaryFolder temporary;
  {
    const std::unique_ptr<OutputFolder> folder = Make(temporary.File("out"));
    Write(*folder, "summary.json", "{}");
    EXPECT_THAT(temporary.List(), ::testing::Not(IsEmpty()));
  }
  EXPECT_THAT(temporary.List(), IsEmpty());
}

TEST(OutputFolder, ReplacesAnEmptyFolderAndAnEarlierOutput) {
  const TemporaryFolder temporary;
  const std::string path = temporary.File("out");
  std::filesystem::create_directory(path);
  for (const char* text : {"first", "second"}) {
    const std::unique_ptr<OutputFolder> folder = Make(path + "/");
    Write(*folder, "summary.json", text);
    if (std::string(text) == "second") {
      // Until then the earlier output stands.
      EXPECT_EQ(test::ReadText(path + "/summary.json"), "first");
      EXPECT_TRUE(std::filesystem::exists(path + "/proofs/old"));
    }
    ASSERT_TRUE(folder->Publish().ok());
    EXPECT_EQ(test::ReadText(path + "/summary.json"), text);
    EXPECT_FALSE(std::filesystem::exists(path + "/proofs/old"));
    test::WriteText(path + "/proofs/old", "old");
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(temporary.path()), {}), 1);
}

TEST(OutputFolder, RefusesAFolderWithAnythingElseInIt) {
  const TemporaryFolder temporary;
  const std::string path = temporary.File("out");
  std::filesystem::create_directory(path);
  test::WriteText(path + "/thesis.txt", "years of work");
  EXPECT_THAT(Refusal(path), HasSubstr("it has thesis.txt"));
  EXPECT_THAT(temporary.List(), ElementsAre("out", "out/thesis.txt"));
}

TEST(OutputFolder, RefusesWhatCannotBeAFolder) {
  const TemporaryFolder temporary;
  test::WriteText(temporary.File("file"), "content");
  EXPECT_THAT(Refusal(temporary.File("file")), HasSubstr("exists and is no folder"));
  EXPECT_THAT(Refusal(temporary.File("file/out")), HasSubstr("--out "));
  EXPECT_THAT(Refusal("/proc/settle-test-out"), HasSubstr("--out /proc/settle-test-out: "));
  EXPECT_THAT(Refusal("/"), HasSubstr("--out /"));
  EXPECT_THAT(Refusal(""), HasSubstr("--out "));
  EXPECT_THAT(temporary.List(), ElementsAre("file"));
}

TEST(OutputFolder, SaysWhenAFileCannotBeWritten) {
  const TemporaryFolder temporary;
  const std::unique_ptr<OutputFolder> folder = Make(temporary.File("out"));
  Write(*folder, "summary.json", "{}");
  const absl::Status status = folder->Write("summary.json/inside", AsBytes("x"));
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write summary.json/inside"));
}

}  // namespace
}  // namespace settle::example
