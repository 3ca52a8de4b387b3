// The page in the program is the page in web/, and asks for nothing that is not there.
#include "wedlm/server/page/page_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "tests/support/data.h"

namespace wedlm::server {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::set<std::string> paths() {
  std::set<std::string> paths;
  for (const PageFile& file : page_files()) paths.emplace(file.path);
  return paths;
}

/// What the expression's first group matches, everywhere in the text.
std::set<std::string> references(std::string_view content, const std::string& expression) {
  const std::string text(content);
  const std::regex regex(expression);
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match)
    found.insert((*match)[1]);
  return found;
}

TEST(PageFilesTest, AreThoseOfTheFolderByteForByte) {
  int num_files = 0;
  for (const auto& entry : fs::directory_iterator(source_dir() / "web")) {
    const std::string path = "/" + entry.path().filename().string();
    ASSERT_THAT(paths(), Contains(path));
    for (const PageFile& file : page_files()) {
      EXPECT_TRUE(file.path != path || file.content == read_text(entry.path())) << path;
    }
    ++num_files;
  }
  EXPECT_GT(num_files, 0);
  for (const std::string& path : paths()) {
    EXPECT_TRUE(path.starts_with("/vendor/") || fs::exists(source_dir() / "web" / path.substr(1))) << path;
  }
  EXPECT_EQ(paths().size(), page_files().size()) << "two files have the same address";
}

TEST(PageFilesTest, ReferOnlyToOneAnother) {
  int num_references = 0;
  for (const PageFile& file : page_files()) {
    if (file.path.starts_with("/vendor/")) continue;
    std::set<std::string> names;
    if (file.path.ends_with(".html")) names = references(file.content, R"re((?:src|href)="([^"#]+)")re");
    if (file.path.ends_with(".js")) names = references(file.content, R"re((?:from|import) "([^"]+)")re");
    if (file.path.ends_with(".css")) names = references(file.content, R"re((?:url\(|@import )"?([^")]+)"?)re");
    for (std::string name : names) {
      if (name.starts_with("./")) name.erase(0, 2);
      EXPECT_THAT(paths(), Contains("/" + name)) << "in " << file.path;
      ++num_references;
    }
  }
  EXPECT_GT(num_references, 0);
}

TEST(PageFilesTest, HoldNothingThatThePolicyForbids) {
  for (const PageFile& file : page_files()) {
    if (!file.path.ends_with(".html")) continue;
    EXPECT_THAT(references(file.content, R"re(<[^>]*\s(style|on[a-z]+)=)re"), testing::IsEmpty()) << file.path;
    EXPECT_THAT(references(file.content, R"re((<script(?![^>]*\ssrc=)[^>]*>))re"), testing::IsEmpty()) << file.path;
    EXPECT_THAT(references(file.content, R"re((<style))re"), testing::IsEmpty()) << file.path;
  }
}

TEST(PageFilesTest, LibrariesComeWithTheirLicences) {
  std::string licences;
  for (const PageFile& file : page_files()) {
    if (file.path == "/vendor/LICENSES.txt") licences = file.content;
  }
  ASSERT_FALSE(licences.empty());
  for (const auto& [path, package] :
       {std::pair("/vendor/markdown-it.js", "libjs-markdown-it"), std::pair("/vendor/purify.min.js", "node-dompurify"),
        std::pair("/vendor/highlight.min.js", "libjs-highlight.js"),
        std::pair("/vendor/katex/katex.js", "libjs-katex")}) {
    const std::string heading = std::string("==== ") + package + " ====";
    if (paths().contains(path)) {
      EXPECT_THAT(licences, HasSubstr(heading));
    } else {
      EXPECT_THAT(licences, Not(HasSubstr(heading)));
    }
  }
}

}  // namespace
}  // namespace wedlm::server
