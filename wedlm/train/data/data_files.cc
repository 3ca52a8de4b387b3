#include "wedlm/train/data/data_files.h"

#include "wedlm/base/error.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::train {

std::string bad_lines_text(const ReadingReport& report) {
  return std::to_string(report.num_bad_lines) + " bad lines were skipped, the first: " + report.first_bad_line;
}

void read_data_file(const std::filesystem::path& path, BadLines bad_lines, const DataVisitor& visitor,
                    const Watcher& watcher, ReadingReport& report) {
  const TextInput input = read_input(path.string());
  const std::string title = "Reading " + path.filename().string();
  if (!path.string().ends_with(".jsonl")) {
    visitor.on_text(input.text);
    ++report.num_lines;
    return;
  }
  for_each_line(input, [&](std::string_view line, const std::string& source) {
    if (watcher.is_interrupted()) throw Interrupted();
    ++report.num_lines;
    const auto done = static_cast<std::size_t>(line.data() - input.text.data());
    watcher.progress({.title = title, .done = done, .total = input.text.size(), .unit = ProgressUnit::kBytes});
    try {
      visitor.on_line(parse_json(line, source), source);
    } catch (const InvalidInput& error) {
      if (bad_lines == BadLines::kRefuse) throw;
      if (report.num_bad_lines++ == 0) report.first_bad_line = error.what();
    }
  });
}

}  // namespace wedlm::train
