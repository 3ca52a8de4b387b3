// A model's tokenizer and chat template. Both are copies, so that they outlive the model.
#include <pybind11/stl.h>

#include "python/bindings/bindings.h"
#include "python/bindings/gil.h"
#include "python/bindings/json_objects.h"
#include "python/bindings/model_tokenizer.h"
#include "wedlm/base/error.h"
#include "wedlm/frontend/prompt.h"
#include "wedlm/frontend/render_prompt.h"

namespace wedlm::python {
namespace {

namespace py = pybind11;

std::string render(const ModelTokenizer& self, const py::dict& request, const std::string& source) {
  if (!self.chat_template) throw InvalidInput(source + ": messages need a chat template, and this checkpoint has none");
  const Prompt prompt = prompt_of_json(json_of_object(request), source);
  return without_lock([&] { return render_prompt(*self.chat_template, prompt); });
}

std::optional<TokenId> id_of(const ModelTokenizer& self, const std::string& token) {
  return token.empty() ? std::nullopt : self.tokenizer.find(token);
}

}  // namespace

void bind_tokenizer(py::module_& module) {
  py::class_<ModelTokenizer>(module, "Tokenizer")
      .def("encode",
           [](const ModelTokenizer& self, const std::string& text, bool add_special_tokens) {
             return without_lock(
                 [&] { return add_special_tokens ? self.tokenizer.encode_whole(text) : self.tokenizer.encode(text); });
           })
      .def("decode",
           [](const ModelTokenizer& self, const std::vector<TokenId>& ids, bool skip_special_tokens) {
             return self.tokenizer.decode(ids, skip_special_tokens ? SpecialOutput::kSkip : SpecialOutput::kShow);
           })
      .def("token_bytes", [](const ModelTokenizer& self,
                             TokenId id) { return py::bytes(std::string(self.tokenizer.token_bytes(id))); })
      .def("is_special", [](const ModelTokenizer& self, TokenId id) { return self.tokenizer.is_special(id); })
      .def("find", &id_of)
      .def("render", &render)
      .def_property_readonly("has_chat_template",
                             [](const ModelTokenizer& self) { return self.chat_template.has_value(); })
      .def_property_readonly("vocab_size", [](const ModelTokenizer& self) { return self.tokenizer.vocab_size(); })
      .def_property_readonly("bos_token", [](const ModelTokenizer& self) { return self.tokenizer.bos_token(); })
      .def_property_readonly("eos_token", [](const ModelTokenizer& self) { return self.tokenizer.eos_token(); })
      .def_property_readonly("pad_token", [](const ModelTokenizer& self) { return self.tokenizer.pad_token(); })
      .def_property_readonly("mask_token", [](const ModelTokenizer& self) { return self.tokenizer.mask_token(); });
}

}  // namespace wedlm::python
