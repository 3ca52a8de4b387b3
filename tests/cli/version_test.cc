#include "cli/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "wedlm/server/page/page_files.h"

namespace wedlm::cli {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;

/// What stands after "NAME: ".
std::string line_of(const std::string& name) {
  std::istringstream text(version_text());
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
  }
  ADD_FAILURE() << name << " is missing in\n" << version_text();
  return {};
}

TEST(VersionTest, BeginsWithTheVersionAlone) {
  const std::string text = version_text();
  EXPECT_THAT(text.substr(0, text.find('\n')), MatchesRegex("wedlm [0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST(VersionTest, NamesTheOptionalParts) {
#ifdef WEDLM_HAVE_LIBEDIT
  EXPECT_EQ(line_of("line editing"), "libedit");
#else
  EXPECT_EQ(line_of("line editing"), "none");
#endif
  EXPECT_THAT(line_of("training"), MatchesRegex("none|LibTorch [0-9]+\\.[0-9.]+.*"));
  EXPECT_THAT(line_of("Python module"), MatchesRegex("none|pybind11 [0-9.]+, Python 3\\.[0-9.]+"));
  EXPECT_THAT(line_of("TLS"), MatchesRegex("OpenSSL [0-9]+\\..*"));
  EXPECT_THAT(line_of("CPU kernels for this machine"), MatchesRegex("portable(, [a-z0-9_]+)*"));
}

TEST(VersionTest, NamesThePagesLibraries) {
  int num_libraries = 0;
  for (const server::PageFile& file : server::page_files()) {
    for (const auto& [path, name] :
         {std::pair("/vendor/markdown-it.js", "markdown-it"), std::pair("/vendor/purify.min.js", "purify"),
          std::pair("/vendor/highlight.min.js", "highlight"), std::pair("/vendor/katex/katex.js", "katex")}) {
      if (file.path != path) continue;
      EXPECT_THAT(line_of("page"), ContainsRegex("(^|, )" + std::string(name) + "(,|$)"));
      ++num_libraries;
    }
  }
  EXPECT_EQ(line_of("page") == "plain text", num_libraries == 0);
}

}  // namespace
}  // namespace wedlm::cli
