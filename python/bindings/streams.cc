// The reader's end of a request. Waiting is done without Python's lock and in slices that the caller chooses, between
// which Python looks for Ctrl-C.
#include "python/bindings/streams.h"

#include <pybind11/stl.h>

#include <chrono>
#include <cmath>

#include "python/bindings/bindings.h"
#include "python/bindings/gil.h"
#include "python/bindings/json_objects.h"
#include "wedlm/frontend/read_result.h"
#include "wedlm/frontend/result_json.h"

namespace wedlm::python {
namespace {

namespace py = pybind11;

std::chrono::milliseconds slice(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

py::object none_or_float(float value) {
  return std::isnan(value) ? py::object(py::none()) : py::object(py::float_(static_cast<double>(value)));
}

py::list scores_of(const StreamEvent& event) {
  py::list scores;
  for (const TokenScore& score : event.scores) {
    py::list top;
    for (const TokenLogProb& one : score.alternatives) top.append(py::make_tuple(one.token, one.log_prob));
    scores.append(py::make_tuple(score.log_prob, top));
  }
  return scores;
}

py::list window_of(const StreamEvent& event) {
  py::list window;
  for (const Window::Position& position : event.window) {
    window.append(position.filled ? py::object(py::int_(position.token)) : py::object(py::none()));
  }
  return window;
}

py::list entropies_of(const StreamEvent& event) {
  py::list entropies;
  for (const float entropy : event.entropies) entropies.append(none_or_float(entropy));
  return entropies;
}

py::object result_of(const StreamHandle& self, const std::string& source) {
  const auto stream = self.get();
  const Result& result = without_lock([&] { return std::cref(stream->wait()); });
  check_result(result, source);
  return object_of_json(result_json(result, 0));
}

}  // namespace

void bind_streams(py::module_& module) {
  py::class_<StreamEvent>(module, "Event")
      .def_readonly("token_ids", &StreamEvent::token_ids)
      .def_readonly("text", &StreamEvent::text)
      .def_readonly("rejected", &StreamEvent::rejected)
      .def_property_readonly("scores", &scores_of)
      .def_property_readonly("window", &window_of)
      .def_property_readonly("entropies", &entropies_of);
  py::class_<StreamHandle>(module, "Stream")
      .def("next_for",
           [](const StreamHandle& self, double seconds) {
             const auto stream = self.get();
             return without_lock([&] { return stream->next_for(slice(seconds)); });
           })
      .def("try_next", [](const StreamHandle& self) { return self.get()->try_next(); })
      .def("wait_for",
           [](const StreamHandle& self, double seconds) {
             const auto stream = self.get();
             return without_lock([&] { return stream->wait_for(slice(seconds)); });
           })
      .def_property_readonly("is_finished", [](const StreamHandle& self) { return self.get()->is_finished(); })
      .def("cancel", [](const StreamHandle& self) { self.get()->cancel(); })
      .def("result", &result_of);
  py::class_<ReadyQueueHandle>(module, "ReadyQueue")
      .def(py::init([] { return ReadyQueueHandle(ReadyQueue::make()); }))
      .def_property_readonly("descriptor", [](const ReadyQueueHandle& self) { return self.get()->descriptor(); })
      .def("take", [](const ReadyQueueHandle& self) { return self.get()->take(); });
}

}  // namespace wedlm::python
