// A folder appears whole or not at all, and only what was made here is ever replaced.
#include "wedlm/quant/output_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

bool yes(const fs::path&) {
  return true;
}
bool no(const fs::path&) {
  return false;
}

void put(const fs::path& path, const char* text) {
  std::ofstream(path) << text;
}

TEST(OutputFolderTest, IsThereOnlyOnceCommitted) {
  const TemporaryFolder parent;
  const fs::path place = parent.path() / "out";
  {
    OutputFolder folder(place / "", Existing::kRefuse, no);
    put(folder.path() / "a", "1");
    EXPECT_FALSE(fs::exists(place));
  }
  EXPECT_TRUE(fs::is_empty(parent.path()));
  OutputFolder folder(place, Existing::kRefuse, no);
  put(folder.path() / "a", "2");
  folder.commit();
  EXPECT_EQ(read_text(place / "a"), "2");
  EXPECT_FALSE(fs::exists(folder.path()));
}

TEST(OutputFolderTest, ReplacesOnlyWhatItMay) {
  const TemporaryFolder parent;
  const fs::path place = parent.path() / "out";
  fs::create_directory(place);
  put(place / "old", "1");
  EXPECT_THROW(OutputFolder(place, Existing::kRefuse, yes), InvalidInput);
  EXPECT_THROW(OutputFolder(place, Existing::kReplace, no), InvalidInput);
  fs::create_directory(place / "below");
  EXPECT_THROW(OutputFolder(place, Existing::kReplace, yes), InvalidInput);
  fs::remove(place / "below");
  EXPECT_EQ(read_text(place / "old"), "1");
  OutputFolder folder(place, Existing::kReplace, yes);
  put(folder.path() / "new", "2");
  EXPECT_TRUE(fs::exists(place / "old"));
  folder.commit();
  EXPECT_FALSE(fs::exists(place / "old"));
  EXPECT_EQ(read_text(place / "new"), "2");
  put(parent.path() / "file", "1");
  EXPECT_THROW(OutputFolder(parent.path() / "file", Existing::kReplace, yes), InvalidInput);
  EXPECT_THROW(OutputFolder(parent.path() / "none" / "out", Existing::kRefuse, yes), ResourceError);
}

TEST(OutputFolderTest, WhatAnEarlierRunLeftIsRemovedOnlyWhenAsked) {
  const TemporaryFolder parent;
  const fs::path place = parent.path() / "out";
  fs::create_directory(parent.path() / "out.partial");
  put(parent.path() / "out.partial" / "x", "1");
  EXPECT_THROW(OutputFolder(place, Existing::kRefuse, yes), InvalidInput);
  const OutputFolder folder(place, Existing::kReplace, yes);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace wedlm
