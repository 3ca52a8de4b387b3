#include "wedlm/base/cache_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace wedlm {
namespace {

/// A variable of the environment with another value, or none, for a while.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

std::string folder_with(const char* xdg_cache_home, const char* home) {
  const Variable xdg("XDG_CACHE_HOME", xdg_cache_home), of_user("HOME", home);
  return cache_folder().string();
}

TEST(CacheFolderTest, IsTheUsers) {
  EXPECT_EQ(folder_with("/caches", "/home/x"), "/caches/wedlm");
  EXPECT_EQ(folder_with(nullptr, "/home/x"), "/home/x/.cache/wedlm");
  EXPECT_EQ(folder_with("", "/home/x"), "/home/x/.cache/wedlm");
  EXPECT_EQ(folder_with("relative", "/home/x"), "/home/x/.cache/wedlm") << "the specification ignores it";
  EXPECT_EQ(folder_with(nullptr, nullptr), "");
  EXPECT_EQ(folder_with(nullptr, ""), "");
}

}  // namespace
}  // namespace wedlm
