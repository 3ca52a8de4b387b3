#include "wedlm/base/presence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/base/json.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// What git-lfs 3 leaves in place of a file (its specification, "The Pointer").
constexpr const char* kPointer =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 16381470720\n";

TEST(PresenceTest, ALinkWhoseTargetIsMissingIsNotAnAbsentFile) {
  const TemporaryFolder folder;
  EXPECT_FALSE(is_present(folder.path() / "a"));
  std::ofstream(folder.path() / "a") << "x";
  EXPECT_TRUE(is_present(folder.path() / "a"));
  fs::create_symlink("a", folder.path() / "link");
  EXPECT_TRUE(is_present(folder.path() / "link"));
  fs::remove(folder.path() / "a");
  try {
    is_present(folder.path() / "link");
    FAIL() << "the link leads nowhere";
  } catch (const ResourceError& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder.path() / "link").string()));
    EXPECT_THAT(error.what(), HasSubstr("link to a"));
    EXPECT_THAT(error.what(), HasSubstr("hf download"));
  }
}

TEST(PresenceTest, APointerOfGitLfsIsNotTheFile) {
  try {
    parse_json(kPointer, "tokenizer.json");
    FAIL() << "it is no JSON";
  } catch (const InvalidInput& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("tokenizer.json: "));
    EXPECT_THAT(error.what(), HasSubstr("git lfs pull"));
  }
  EXPECT_NO_THROW(refuse_lfs_pointer("version 1", "x"));
  EXPECT_NO_THROW(refuse_lfs_pointer("", "x"));
}

}  // namespace
}  // namespace wedlm
