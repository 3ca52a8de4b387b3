#include "wedlm/base/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

TEST(MappedFileTest, ShowsTheBytes) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "a") << "hello";
  std::ofstream(folder.path() / "empty");
  MappedFile file(folder.path() / "a");
  const MappedFile moved = std::move(file);
  EXPECT_EQ(moved.text(), "hello");
  EXPECT_TRUE(MappedFile(folder.path() / "empty").bytes().empty());
}

TEST(MappedFileTest, SaysWhichFileAndWhy) {
  const TemporaryFolder folder;
  for (const char* name : {"", "missing"}) {
    try {
      MappedFile file(folder.path() / name);
      FAIL();
    } catch (const ResourceError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(folder.path().string()));
    }
  }
}

TEST(MappedFileTest, AnAddressLeadsToItsFile) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "a").string();
  std::ofstream(path) << "hello";
  const std::byte* at = nullptr;
  {
    MappedFile file(path);
    at = file.bytes().data();
    const MappedFile moved = std::move(file);
    EXPECT_STREQ(mapped_file_at(at), path.c_str());
    EXPECT_STREQ(mapped_file_at(at + 4), path.c_str());
    EXPECT_EQ(mapped_file_at(at + 5), nullptr);
    EXPECT_EQ(mapped_file_at(at - 1), nullptr);
  }
  EXPECT_EQ(mapped_file_at(at), nullptr);
}

}  // namespace
}  // namespace wedlm
