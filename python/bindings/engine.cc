// An engine over a model: requests in, streams out.
#include <pybind11/stl.h>

#include "python/bindings/bindings.h"
#include "python/bindings/gil.h"
#include "python/bindings/model.h"
#include "python/bindings/streams.h"

namespace wedlm::python {
namespace {

namespace py = pybind11;

struct Wishes {
  bool report_window;
  int max_waiting_events;
};

StreamHandle submit(const EngineHandle& self, Request request, const Wishes& wishes,
                    std::function<void()> on_ready = {}) {
  const auto running = self.get();
  request.report_window = wishes.report_window;
  request.max_waiting_events = wishes.max_waiting_events;
  request.on_ready = std::move(on_ready);
  return StreamHandle(without_lock([&] { return running->engine.submit(std::move(request)); }));
}

py::dict stats(const EngineHandle& self) {
  const EngineStats stats = self.get()->engine.stats();
  py::dict dict;
  dict["steps"] = stats.steps;
  dict["rows"] = stats.rows;
  dict["prompt_tokens"] = stats.prompt_tokens;
  dict["generated_tokens"] = stats.generated_tokens;
  dict["decode_forwards"] = stats.decode_forwards;
  dict["window_rows"] = stats.window_rows;
  dict["filled_rows"] = stats.filled_rows;
  dict["finished_requests"] = stats.finished_requests;
  dict["preemptions"] = stats.preemptions;
  dict["prefix_cache_queries"] = stats.prefix_cache_queries;
  dict["prefix_cache_hits"] = stats.prefix_cache_hits;
  dict["drafts_verified"] = stats.drafts.verified;
  dict["drafts_accepted"] = stats.drafts.accepted;
  dict["num_waiting"] = stats.num_waiting;
  dict["num_running"] = stats.num_running;
  dict["num_blocks"] = stats.num_blocks;
  dict["num_free_blocks"] = stats.num_free_blocks;
  return dict;
}

}  // namespace

void bind_engine(py::module_& module) {
  py::class_<EngineHandle>(module, "Engine")
      .def(py::init([](const ModelHandle& model, const EngineOptions& options) {
        return EngineHandle(
            without_lock([over = model.get(), &options] { return std::make_shared<RunningEngine>(over, options); }));
      }))
      .def("submit",
           [](const EngineHandle& self, const Request& request) {
             return submit(self, request, {false, 1});
           })
      .def("submit_watched",
           [](const EngineHandle& self, const Request& request, int max_waiting_events) {
             return submit(self, request, {true, max_waiting_events});
           })
      .def("submit_to",
           [](const EngineHandle& self, const Request& request, const ReadyQueueHandle& queue, std::uint64_t key) {
             return submit(self, request, {false, 1}, queue.get()->on_ready(key));
           })
      .def("close", [](EngineHandle& self) { without_lock([running = self.close()]() mutable { running.reset(); }); })
      .def_property_readonly("is_open", &EngineHandle::is_open)
      .def("stats", &stats)
      .def_property_readonly("options", [](const EngineHandle& self) { return self.get()->engine.options(); });
}

}  // namespace wedlm::python
