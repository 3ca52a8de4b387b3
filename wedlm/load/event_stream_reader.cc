#include "wedlm/load/event_stream_reader.h"

#include <algorithm>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm::load {

void EventStreamReader::feed(std::string_view bytes, const Visit& visit) {
  while (!bytes.empty()) {
    if (std::exchange(skip_line_feed_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t length = std::min(bytes.find_first_of("\r\n"), bytes.size());
    line_ += bytes.substr(0, length);
    if (line_.size() + event_.data.size() > max_bytes_) {
      throw InvalidInput("expected events of at most " + std::to_string(max_bytes_) + " bytes, got a longer one");
    }
    bytes.remove_prefix(length);
    if (bytes.empty()) return;
    skip_line_feed_ = bytes.front() == '\r';
    bytes.remove_prefix(1);
    end_line(visit);
  }
}

void EventStreamReader::end_line(const Visit& visit) {
  std::string_view line = line_;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::exchange(is_first_line_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) {
    if (event_.type.empty()) event_.type = "message";
    if (has_data_) visit(event_);
    event_ = {};
    has_data_ = false;
  } else {
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);  // empty: a comment
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
      if (has_data_) event_.data += '\n';
      event_.data += value;
      has_data_ = true;
    } else if (name == "event") {
      event_.type = value;
    }
  }
  line_.clear();
}

}  // namespace wedlm::load
