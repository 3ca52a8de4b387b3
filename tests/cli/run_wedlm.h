// Runs the program `wedlm` as a person's shell would and collects what it says.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "wedlm/base/json.h"

namespace wedlm {

struct Finished {
  int exit_code = -1;  // 128 + the signal's number where one ended it
  std::string out;
  std::string err;
  std::int64_t peak_bytes = 0;  // of memory, resident at once

  std::size_t num_error_lines() const;
  /// Standard output as one JSON value for each line.
  std::vector<Json> json_lines() const;
};

/// A program under way; its outputs go to files.
class Running {
 public:
  Running(const std::vector<std::string>& arguments, const std::string& input,
          const std::vector<std::string>& environment = {});
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  pid_t pid() const { return pid_; }
  /// Waits until it has written something to standard output; false where it ended before.
  bool wait_for_output() { return wait_for_contents(file("out")); }
  /// The same for a file that it writes.
  bool wait_for_contents(const std::filesystem::path& path);
  Finished wait();

 private:
  std::filesystem::path file(const char* name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
  pid_t pid_ = -1;
};

/// Runs it to its end. Standard input is `input`; `environment` has NAME=value to be set besides the test's own.
Finished run_wedlm(const std::vector<std::string>& arguments, const std::string& input = {},
                   const std::vector<std::string>& environment = {});

}  // namespace wedlm
