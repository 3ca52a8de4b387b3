// Python's lock while the engine works.
#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace wedlm::python {

/// Calls `work` without Python's lock: other threads of Python run meanwhile. No object of Python may be touched there.
/// Unlike pybind11's guard it takes the lock again outside of a destructor: where the interpreter is ending, Python
/// ends the thread there, by an unwinding that may not pass a destructor.
template <class Work>
auto without_lock(Work&& work) {
  using Answer = std::invoke_result_t<Work&>;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<Answer>) {
    PyThreadState* const thread = PyEval_SaveThread();
    try {
      work();
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
    PyEval_RestoreThread(thread);
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<Answer> answer;
    PyThreadState* const thread = PyEval_SaveThread();
    try {
      answer.emplace(work());
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
    PyEval_RestoreThread(thread);
    if (failure) std::rethrow_exception(failure);
    return std::move(*answer);
  }
}

}  // namespace wedlm::python
