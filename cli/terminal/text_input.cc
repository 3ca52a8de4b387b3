#include "cli/terminal/text_input.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/text/unicode.h"

namespace wedlm::cli {
namespace {

constexpr std::size_t kMaxInputBytes = std::size_t{1} << 30;

std::string read_standard_input() {
  std::string text;
  std::array<char, 65536> chunk{};
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count == 0) return text;
    if (count < 0) {
      if (errno == EINTR) continue;
      throw ResourceError(std::string("cannot read standard input: ") + std::strerror(errno));
    }
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxInputBytes) throw InvalidInput("standard input: expected at most 1 GB of text");
  }
}

}  // namespace

TextInput read_input(const std::optional<std::string>& path) {
  TextInput input;
  if (!path || *path == "-") {
    input = {.name = "standard input", .text = read_standard_input()};
  } else {
    input = {.name = *path, .text = std::string(MappedFile(*path).text())};
  }
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

}  // namespace wedlm::cli
