// Where tests find what they read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace wedlm {

/// The root of the source tree and of the build tree.
std::filesystem::path source_dir();
std::filesystem::path build_dir();

/// A file or folder of tests/data, which the repository has.
std::filesystem::path test_data(const std::string& name);

/// The checkpoint that ships with the repository.
std::filesystem::path nano_model();

/// A file or folder of the larger data that stands beside the checkout (WEDLM_SHARED_DATA, else ../shared/data);
/// nullopt where there is none: such a case says GTEST_SKIP() and why.
std::optional<std::filesystem::path> shared_data(const std::string& name);

/// The whole text of a file; fails the test where it cannot be read.
std::string read_text(const std::filesystem::path& path);

/// A fresh folder that is removed, with all it holds, when this goes out of scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace wedlm
