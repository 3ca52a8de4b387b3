// A checkpoint that is loaded: what requests become for it, and what it says about given texts.
#include "python/bindings/model.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "python/bindings/bindings.h"
#include "python/bindings/gil.h"
#include "python/bindings/json_objects.h"
#include "python/bindings/model_tokenizer.h"
#include "wedlm/checkpoint/adapter.h"
#include "wedlm/checkpoint/model_path.h"
#include "wedlm/eval/cached_text.h"
#include "wedlm/eval/continuation_scores.h"
#include "wedlm/frontend/chat_request.h"

namespace wedlm::python {
namespace {

namespace py = pybind11;

ModelHandle load(const std::string& folder, const LoadOptions& options) {
  LoadOptions interruptible = options;
  interruptible.progress = [](std::size_t /*done*/, std::size_t /*total*/) {
    const py::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  };
  return ModelHandle(without_lock([&] { return std::shared_ptr(LoadedModel::load(folder, interruptible)); }));
}

std::vector<Request> requests(const ModelHandle& self, const py::dict& request, const std::string& source) {
  const auto model = self.get();
  const ChatRequest read = request_of_json(json_of_object(request), source);
  return without_lock([&] { return engine_requests(read, *model); });
}

/// [token_ids, vocab_size]; the array owns the vector.
py::array_t<float> logits(const ModelHandle& self, const std::vector<TokenId>& token_ids) {
  const auto model = self.get();
  auto values = std::make_unique<std::vector<float>>(
      without_lock([&] { return CachedText(*model, token_ids, TextRows::kAll).take_logits(); }));
  const auto rows = static_cast<py::ssize_t>(token_ids.size());
  const float* const data = values->data();
  const py::capsule owner(values.release(), [](void* vector) { delete static_cast<std::vector<float>*>(vector); });
  return py::array_t<float>({rows, static_cast<py::ssize_t>(model->config().vocab_size)}, data, owner);
}

py::list score(const ModelHandle& self, const std::vector<TokenId>& prompt,
               const std::vector<std::vector<TokenId>>& continuations) {
  const auto model = self.get();
  const auto scores = without_lock([&] { return score_continuations(*model, prompt, continuations); });
  py::list list;
  for (const ContinuationScore& one : scores) list.append(py::make_tuple(one.log_probs, one.is_greedy));
  return list;
}

std::optional<ModelTokenizer> tokenizer(const ModelHandle& self) {
  const auto model = self.get();
  if (model->tokenizer() == nullptr) return std::nullopt;
  ModelTokenizer tokenizer{.tokenizer = *model->tokenizer(), .chat_template = {}};
  if (model->chat_template() != nullptr) tokenizer.chat_template = *model->chat_template();
  return tokenizer;
}

/// What a person should be told about the model.
std::vector<std::string> notes(const ModelHandle& self) {
  const auto model = self.get();
  std::vector<std::string> notes;
  for (const auto& note : {unapplied_adapter_note(model->folder()), unused_note(model->generation_defaults())}) {
    if (note) notes.push_back(*note);
  }
  return notes;
}

}  // namespace

void bind_model(py::module_& module) {
  module.def("resolve_model", [](const std::string& name) { return resolve_model(name).string(); });
  module.def("shipped_model", [](const std::string& program) -> std::optional<std::string> {
    const auto folder = shipped_model(program);
    return folder ? std::optional(folder->string()) : std::nullopt;
  });
  py::class_<Request>(module, "Request");
  py::class_<ModelHandle>(module, "Model")
      .def(py::init(&load))
      .def("close", [](ModelHandle& self) { without_lock([model = self.close()]() mutable { model.reset(); }); })
      .def("requests", &requests)
      .def("logits", &logits)
      .def("score", &score)
      .def("tokenizer", &tokenizer)
      .def("notes", &notes)
      .def_property_readonly("folder", [](const ModelHandle& self) { return self.get()->folder().string(); })
      .def_property_readonly("backend", [](const ModelHandle& self) { return self.get()->backend().description(); })
      .def_property_readonly("max_length", [](const ModelHandle& self) { return self.get()->config().max_length(); })
      .def_property_readonly("vocab_size", [](const ModelHandle& self) { return self.get()->config().vocab_size; })
      .def_property_readonly("num_parameters",
                             [](const ModelHandle& self) { return self.get()->config().num_parameters(); })
      .def_property_readonly("model_type", [](const ModelHandle& self) { return self.get()->config().model_type; })
      .def_property_readonly("mask_token_id",
                             [](const ModelHandle& self) -> std::optional<TokenId> {
                               const TokenId id = self.get()->config().mask_token_id;
                               return id == kNoToken ? std::nullopt : std::optional(id);
                             })
      .def_property_readonly("eos_token_ids", [](const ModelHandle& self) { return self.get()->eos_token_ids(); });
}

}  // namespace wedlm::python
