// The plan of the house as a failing test: which layer may include which, and how long files and functions may be.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/data.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxFileLines = 600;
constexpr int kMaxFunctionLines = 80;
constexpr int kMaxKernelLines = 150;  // a kernel body, in backend/

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<fs::path> sources_below(const std::vector<std::string>& folders) {
  static const std::set<std::string> kEndings = {".h", ".cc", ".inc", ".cu", ".cuh"};
  std::vector<fs::path> sources;
  for (const std::string& folder : folders) {
    if (!fs::exists(source_dir() / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(source_dir() / folder)) {
      if (kEndings.contains(entry.path().extension().string())) sources.push_back(entry.path());
    }
  }
  std::sort(sources.begin(), sources.end());
  return sources;
}

/// layers.txt, which the build writes from the wedlm_layer() calls: "text: base".
std::map<std::string, std::set<std::string>> layers() {
  std::map<std::string, std::set<std::string>> layers;
  for (const std::string& line : lines_of(build_dir() / "layers.txt")) {
    std::istringstream words(line);
    std::string name, word;
    words >> name;
    name.pop_back();  // the colon
    layers[name].insert(name);
    while (words >> word) layers[name].insert(word);
  }
  return layers;
}

TEST(ArchitectureTest, EachLayerIncludesOnlyWhatItsListNames) {
  const auto allowed = layers();
  ASSERT_GE(allowed.size(), 3U);
  int num_includes = 0;
  for (const fs::path& source : sources_below({"wedlm"})) {
    const std::string from = fs::relative(source, source_dir() / "wedlm").begin()->string();
    ASSERT_TRUE(allowed.contains(from)) << source << " stands in a folder that is no layer";
    for (const std::string& line : lines_of(source)) {
      if (!line.starts_with("#include \"")) continue;
      const std::string included = line.substr(10, line.find('"', 10) - 10);
      ASSERT_TRUE(included.starts_with("wedlm/")) << source << " includes " << included << ": say it from the root";
      const fs::path inside = fs::path(included).lexically_relative("wedlm");
      const std::string to = inside.begin()->string();
      ++num_includes;
      EXPECT_TRUE(allowed.at(from).contains(to)) << source << " may not include " << included;
      const bool in_a_subfolder = std::distance(inside.begin(), inside.end()) > 2;
      EXPECT_TRUE(from == to || !in_a_subfolder)
          << source << " includes " << included << ", which is internal to " << to;
    }
  }
  EXPECT_GT(num_includes, 10);
}

/// A command reads flags, calls a room and shows the result; what knows a terminal knows no flags.
TEST(ArchitectureTest, TheCommandLineHasItsOwnOrder) {
  const std::map<std::string, std::set<std::string>> allowed = {{"commands", {"commands", "options", "terminal"}},
                                                                {"options", {"options", "terminal"}},
                                                                {"terminal", {"terminal"}}};
  for (const auto& [from, to] : allowed) {
    const std::vector<fs::path> sources = sources_below({"cli/" + from});
    EXPECT_FALSE(sources.empty()) << from;
    for (const fs::path& source : sources) {
      for (const std::string& line : lines_of(source)) {
        if (!line.starts_with("#include \"cli/")) continue;
        const std::string folder = line.substr(14, line.find('/', 14) - 14);
        EXPECT_TRUE(to.contains(folder)) << source << ": " << line;
      }
    }
  }
}

TEST(ArchitectureTest, FilesStayReadable) {
  for (const fs::path& source : sources_below({"wedlm", "cli", "python", "tests", "bench"})) {
    EXPECT_LE(lines_of(source).size(), static_cast<std::size_t>(kMaxFileLines)) << source;
  }
}

/// The sources are laid out by clang-format: a function at namespace level opens at the end of a line that starts in
/// column 0 (or its parameters' continuation) and closes with a brace in column 0; a member function is indented by
/// two.
TEST(ArchitectureTest, FunctionsStayReadable) {
  for (const fs::path& source : sources_below({"wedlm", "cli", "python"})) {
    const int limit = source.string().find("/backend/") != std::string::npos ? kMaxKernelLines : kMaxFunctionLines;
    for (const std::string indent : {"", "  "}) {
      int first = 0;
      const std::vector<std::string> lines = lines_of(source);
      for (int i = 0; i < static_cast<int>(lines.size()); ++i) {
        const std::string& line = lines[static_cast<std::size_t>(i)];
        const bool at_indent = line.starts_with(indent) && line.size() > indent.size() && line[indent.size()] != ' ';
        if (!at_indent || line[indent.size()] == '#') continue;
        const bool is_type = line.find("class ") != std::string::npos || line.find("struct ") != std::string::npos;
        const bool is_table = line.ends_with(" = {");
        if (line.starts_with(indent + "}")) {
          EXPECT_TRUE(first == 0 || i + 1 - first <= limit) << source << ":" << first << " to " << i + 1;
          first = 0;
        } else if (line.ends_with(")") || line.ends_with("{") || line.ends_with(",") || line.ends_with("(")) {
          if (line.starts_with("namespace") || is_type || is_table) continue;
          first = i + 1;
        }
      }
    }
  }
}

}  // namespace
}  // namespace wedlm
