// Server-sent events out of the bytes of a response, at any chunking (HTML Living Standard, section 9.2.6): lines end
// with LF, CRLF or CR, lines of data are joined, comments and unknown fields are skipped, a blank line ends an event.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace wedlm::load {

struct StreamEvent {
  std::string type;  // "message" where the server names none
  std::string data;
};

class EventStreamReader {
 public:
  using Visit = std::function<void(const StreamEvent& event)>;

  /// `max_bytes` bounds an event and a line, so that a server cannot fill the memory.
  explicit EventStreamReader(std::size_t max_bytes = std::size_t{16} << 20) : max_bytes_(max_bytes) {}

  /// Takes the next bytes and visits each event that they complete. What stands at the end without a blank line is no
  /// event. Throws InvalidInput for an event past the bound.
  void feed(std::string_view bytes, const Visit& visit);

 private:
  void end_line(const Visit& visit);

  std::size_t max_bytes_;
  std::string line_;
  StreamEvent event_;
  bool has_data_ = false;
  bool skip_line_feed_ = false;  // the second half of CRLF
  bool is_first_line_ = true;
};

}  // namespace wedlm::load
