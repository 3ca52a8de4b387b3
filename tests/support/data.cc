#include "tests/support/data.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace wedlm {

std::filesystem::path source_dir() {
  return WEDLM_SOURCE_DIR;
}

std::filesystem::path build_dir() {
  return WEDLM_BUILD_DIR;
}

std::filesystem::path test_data(const std::string& name) {
  return source_dir() / "tests" / "data" / name;
}

std::filesystem::path nano_model() {
  return source_dir() / "models" / "nano";
}

std::optional<std::filesystem::path> shared_data(const std::string& name) {
  const char* folder = std::getenv("WEDLM_SHARED_DATA");
  const std::filesystem::path root = folder != nullptr ? folder : source_dir().parent_path() / "shared" / "data";
  std::filesystem::path path = root / name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "wedlm-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace wedlm
