// A folder appears whole or not at all, and only what was made here is ever replaced.
#include "wedlm/checkpoint/output_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
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
  fs::create_directories(place / "below" / "deep");
  EXPECT_THROW(OutputFolder(place, Existing::kReplace, yes), InvalidInput);
  fs::remove(place / "below" / "deep");
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

/// A process that makes the folder, writes into it and is killed.
void leave_unfinished(const fs::path& place) {
  const pid_t child = ::fork();
  if (child == 0) {
    const OutputFolder folder(place, Existing::kRefuse, no);
    put(folder.path() / "x", "1");
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
}

TEST(OutputFolderTest, WhatAKilledRunLeftIsRemovedByTheNext) {
  const TemporaryFolder parent;
  const fs::path place = parent.path() / "out";
  leave_unfinished(place);
  ASSERT_TRUE(fs::exists(parent.path() / "out.partial" / "x"));
  {
    OutputFolder folder(place, Existing::kRefuse, no);
    EXPECT_FALSE(fs::exists(folder.path() / "x"));
    folder.commit();
  }
  EXPECT_TRUE(fs::is_empty(place));
  fs::create_directory(parent.path() / "empty.partial");  // killed before it wrote anything
  EXPECT_NO_THROW(OutputFolder(parent.path() / "empty", Existing::kRefuse, no));
}

TEST(OutputFolderTest, NothingElseIsRemoved) {
  const TemporaryFolder parent;
  const fs::path place = parent.path() / "out";
  fs::create_directory(parent.path() / "out.partial");
  put(parent.path() / "out.partial" / "x", "1");
  for (const Existing existing : {Existing::kRefuse, Existing::kReplace}) {
    EXPECT_THROW(OutputFolder(place, existing, yes), InvalidInput);
  }
  EXPECT_EQ(read_text(parent.path() / "out.partial" / "x"), "1");
  leave_unfinished(parent.path() / "deep");
  fs::create_directories(parent.path() / "deep.partial" / "below" / "deep");
  EXPECT_THROW(OutputFolder(parent.path() / "deep", Existing::kReplace, yes), InvalidInput);
}

TEST(OutputFolderTest, ASecondRunDoesNotDisturbTheFirst) {
  const TemporaryFolder parent;
  const fs::path place = parent.path() / "out";
  OutputFolder first(place, Existing::kRefuse, no);
  put(first.path() / "x", "1");
  for (const Existing existing : {Existing::kRefuse, Existing::kReplace}) {
    EXPECT_THROW(OutputFolder(place, existing, yes), InvalidInput);
  }
  first.commit();
  EXPECT_EQ(read_text(place / "x"), "1");
}

}  // namespace
}  // namespace wedlm
