#include "wedlm/base/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/base/readable_file.h"

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

/// Pages of these bytes that this process has in memory.
std::size_t resident_pages(std::span<const std::byte> bytes) {
  const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::vector<std::uint64_t> entries(bytes.size() / page_bytes);  // of Linux's pagemap: bit 63 says that it is there
  const ReadableFile map("/proc/self/pagemap");
  const std::size_t first = reinterpret_cast<std::uintptr_t>(bytes.data()) / page_bytes;
  const std::size_t size = entries.size() * sizeof entries[0];
  EXPECT_EQ(::pread(map.descriptor(), entries.data(), size, static_cast<off_t>(first * sizeof entries[0])),
            static_cast<ssize_t>(size));
  std::size_t count = 0;
  for (const std::uint64_t entry : entries) count += entry >> 63;
  return count;
}

TEST(MappedFileTest, PagesThatAreGivenBackComeFromTheFileAgain) {
  const TemporaryFolder folder;
  const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::string text(64 * page_bytes + 7, 'a');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  std::ofstream(folder.path() / "a") << text;
  const MappedFile file(folder.path() / "a");
  EXPECT_EQ(file.text(), text);
  EXPECT_EQ(resident_pages(file.bytes()), 64U);

  give_back_pages(file.bytes().subspan(10 * page_bytes + 3, 4 * page_bytes));
  EXPECT_EQ(resident_pages(file.bytes()), 64U - 5U);
  give_back_pages(file.bytes());
  EXPECT_EQ(resident_pages(file.bytes()), 0U);
  EXPECT_EQ(file.text(), text);

  give_back_pages({});
  give_back_pages(std::as_bytes(std::span(text)));
  EXPECT_EQ(file.text(), text) << "memory that is no file's stays as it is";
}

}  // namespace
}  // namespace wedlm
