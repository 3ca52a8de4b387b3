// Files of training data, one record after the other: lines of JSON, or a plain text.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "wedlm/base/json.h"
#include "wedlm/base/watcher.h"

namespace wedlm::train {

enum class BadLines { kRefuse, kSkip };

/// What was read, for people.
struct ReadingReport {
  std::size_t num_lines = 0;
  std::size_t num_bad_lines = 0;     // that were skipped
  std::string first_bad_line{};      // its message
  std::size_t num_without_loss = 0;  // samples that were left out, since nothing in them is learned
};

/// "3 bad lines were skipped, the first: ..."
std::string bad_lines_text(const ReadingReport& report);

/// What takes the records. `on_line` throws InvalidInput for a line that is no training data.
struct DataVisitor {
  std::function<void(const Json& line, const std::string& source)> on_line;
  std::function<void(std::string_view text)> on_text;
};

/// Reads a file: .jsonl line by line, and one of any other name as one plain text. Throws InvalidInput naming file and
/// line for a line that is no training data, unless such lines are skipped; ResourceError for a file that cannot be
/// read; Interrupted.
void read_data_file(const std::filesystem::path& path, BadLines bad_lines, const DataVisitor& visitor,
                    const Watcher& watcher, ReadingReport& report);

}  // namespace wedlm::train
