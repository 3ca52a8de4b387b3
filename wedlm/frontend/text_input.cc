#include "wedlm/frontend/text_input.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "wedlm/base/error.h"
#include "wedlm/base/readable_file.h"
#include "wedlm/text/unicode.h"

namespace wedlm {
namespace {

constexpr std::size_t kMaxInputBytes = std::size_t{1} << 30;

/// To the end of the file, which may be a pipe.
std::string read_all(int fd, const std::string& name) {
  std::string text;
  std::array<char, 65536> chunk{};
  while (true) {
    const ssize_t count = ::read(fd, chunk.data(), chunk.size());
    if (count == 0) return text;
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_unreadable(name, errno);
    }
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxInputBytes) throw InvalidInput(name + ": expected at most 1 GB of text");
  }
}

}  // namespace

TextInput read_input(const std::optional<std::string>& path) {
  const bool is_standard_input = !path || *path == "-";
  TextInput input{.name = is_standard_input ? "standard input" : *path, .text = {}};
  input.text = read_all(is_standard_input ? STDIN_FILENO : ReadableFile(*path).descriptor(), input.name);
  if (!is_well_formed_utf8(input.text)) throw InvalidInput(input.name + ": expected UTF-8 text, found other bytes");
  return input;
}

void for_each_line(const TextInput& input,
                   const std::function<void(std::string_view line, const std::string& name)>& visit) {
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < input.text.size();) {
    const std::size_t end = std::min(input.text.find('\n', begin), input.text.size());
    const std::string_view line = std::string_view(input.text).substr(begin, end - begin);
    ++number;
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      visit(line, "line " + std::to_string(number) + " of " + input.name);
    }
    begin = end + 1;
  }
}

}  // namespace wedlm
