// Whoever looks on while something takes long: told how far it is, and asked whether it shall go on. What shows it, and
// what interrupts it, is the door's business.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <string>

namespace wedlm {

/// What is counted.
enum class ProgressUnit { kBytes, kItems };

struct Progress {
  std::string title;  // "Making weights"; a new title is a new piece of work
  std::size_t done = 0;
  std::size_t total = 0;
  ProgressUnit unit = ProgressUnit::kItems;
};

/// Each is called by the thread that works, between its steps.
struct Watcher {
  std::function<bool()> is_interrupted = [] { return false; };
  std::function<void(const Progress&)> progress = [](const Progress&) {};
  std::function<void(const std::string& line)> note = [](const std::string&) {};  // what is worth a line
};

/// Thrown out of work that is interrupted before it has any result.
class Interrupted final : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

}  // namespace wedlm
