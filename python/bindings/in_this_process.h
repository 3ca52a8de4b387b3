// What threads of this process work on, and what is of no use in a process that was forked from it: there are no such
// threads there, and their locks may be taken for ever.
#pragma once

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm::python {

template <class Value>
class InThisProcess {
 public:
  explicit InThisProcess(std::shared_ptr<Value> value) : value_(std::move(value)) {}
  InThisProcess(InThisProcess&&) noexcept = default;
  InThisProcess& operator=(InThisProcess&&) = delete;
  /// A forked process has no way to end it, and leaves it as it is.
  ~InThisProcess() {
    if (getpid() != process_) static_cast<void>(new std::shared_ptr<Value>(std::move(value_)));
  }

  /// Throws InvalidInput in a process that was forked since, and after close().
  std::shared_ptr<Value> get() const {
    if (getpid() != process_) {
      throw InvalidInput("this LLM belongs to process " + std::to_string(process_) +
                         ", and a fork of it has none of its threads: make the LLM after the fork, or start processes "
                         "by multiprocessing's \"spawn\"");
    }
    if (!value_) throw InvalidInput("this LLM is closed: make a new one");
    return value_;
  }

  /// Gives it away; nullptr in a forked process, and the second time.
  std::shared_ptr<Value> close() {
    if (getpid() != process_) return nullptr;
    return std::exchange(value_, nullptr);
  }
  bool is_open() const { return value_ != nullptr; }

 private:
  std::shared_ptr<Value> value_;
  pid_t process_ = getpid();
};

}  // namespace wedlm::python
