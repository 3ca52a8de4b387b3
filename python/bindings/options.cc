// What a model is loaded with and what an engine is made with, as members that Python sets.
#include <pybind11/stl.h>

#include "python/bindings/bindings.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/model/kv_cache.h"

namespace wedlm::python {
namespace {

namespace py = pybind11;

std::optional<WeightType> weight_type_of(const char* what, const std::optional<std::string>& name) {
  if (!name) return std::nullopt;
  return parse_weight_type(what, *name, all_weight_types());
}

void set_formats(LoadOptions& options, const std::optional<std::string>& weights, std::optional<std::int64_t> group,
                 const std::optional<std::string>& head) {
  options.formats = chosen_formats(
      {.layers = weight_type_of("weights: ", weights), .group_size = group, .head = weight_type_of("head: ", head)});
}

void bind_load_options(py::module_& module) {
  py::class_<LoadOptions>(module, "LoadOptions")
      .def(py::init())
      .def_property(
          "backend", [](const LoadOptions& options) { return options.backend.name; },
          [](LoadOptions& options, const std::string& name) { options.backend.name = name; })
      .def_property(
          "threads", [](const LoadOptions& options) { return options.backend.cpu.num_threads; },
          [](LoadOptions& options, int count) { options.backend.cpu.num_threads = count; })
      .def_property(
          "pin_threads",
          [](const LoadOptions& options) { return options.backend.cpu.thread_placement == ThreadPlacement::kPinned; },
          [](LoadOptions& options, bool pin) {
            options.backend.cpu.thread_placement = pin ? ThreadPlacement::kPinned : ThreadPlacement::kFree;
          })
      .def_property(
          "activations", [](const LoadOptions& options) { return options.backend.cpu.activation_bits; },
          [](LoadOptions& options, int bits) { options.backend.cpu.activation_bits = bits; })
      .def_readwrite("mask_token_id", &LoadOptions::mask_token_id)
      .def("set_chat_template",
           [](LoadOptions& options, std::string text) { options.chat_template.emplace(std::move(text)); })
      .def("set_inflate",
           [](LoadOptions& options, const std::string& shape) { options.inflate = read_model_shape(shape); })
      .def("set_formats", &set_formats);
}

void bind_engine_options(py::module_& module) {
  py::class_<EngineOptions>(module, "EngineOptions")
      .def(py::init())
      .def_readwrite("max_num_seqs", &EngineOptions::max_num_seqs)
      .def_readwrite("max_waiting", &EngineOptions::max_waiting)
      .def_readwrite("max_num_batched_tokens", &EngineOptions::max_num_batched_tokens)
      .def_readwrite("max_model_len", &EngineOptions::max_model_len)
      .def_readwrite("block_size", &EngineOptions::block_size)
      .def_property(
          "kv_cache_type", [](const EngineOptions& options) { return kv_cache_type_name(options.kv_cache_type); },
          [](EngineOptions& options, const std::string& name) { options.kv_cache_type = parse_kv_cache_type(name); })
      .def_readwrite("cache_bytes", &EngineOptions::cache_bytes)
      .def_readwrite("enable_prefix_cache", &EngineOptions::enable_prefix_cache);
}

}  // namespace

void bind_options(py::module_& module) {
  bind_load_options(module);
  bind_engine_options(module);
}

}  // namespace wedlm::python
