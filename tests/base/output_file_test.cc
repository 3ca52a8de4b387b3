#include "wedlm/base/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  bool has_partial() const { return fs::exists(place_.string() + ".partial"); }

  TemporaryFolder folder_;
  fs::path place_ = folder_.path() / "file";
};

TEST_F(OutputFileTest, TheOldFileStandsUntilTheNewOneIsWhole) {
  write_whole_file(place_, "old");
  {
    OutputFile file(place_);
    file.write("half");
    EXPECT_EQ(read_text(place_), "old");
  }
  EXPECT_EQ(read_text(place_), "old");
  EXPECT_FALSE(has_partial());
  OutputFile file(place_);
  file.write("all of ");
  file.write("it");
  file.commit();
  EXPECT_EQ(read_text(place_), "all of it");
  EXPECT_FALSE(has_partial());
}

TEST_F(OutputFileTest, WhatAKilledRunLeftIsWrittenOver) {
  write_whole_file(place_.string() + ".partial", "much more than the new text");
  write_whole_file(place_, "new");
  EXPECT_EQ(read_text(place_), "new");
}

TEST_F(OutputFileTest, SaysWhatCannotBeWrittenAndWhy) {
  const auto message = [](const fs::path& place) -> std::string {
    try {
      write_whole_file(place, "text");
    } catch (const ResourceError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message(folder_.path() / "none" / "file"), testing::HasSubstr("none/file: No such file or directory"));
  fs::create_directory(place_);
  EXPECT_THAT(message(place_), testing::HasSubstr("file: Is a directory"));
  EXPECT_FALSE(has_partial());
}

}  // namespace
}  // namespace wedlm
