// The table of sampling options, so that the package's names, defaults and checks are the engine's.
#include "python/bindings/bindings.h"
#include "python/bindings/json_objects.h"
#include "wedlm/base/named.h"
#include "wedlm/decode/option_values.h"
#include "wedlm/frontend/chat_request.h"

namespace wedlm::python {
namespace {

namespace py = pybind11;

/// Name, name in the original engine or "", and what SamplingParams() has, of each option that is a member of it.
py::list option_table() {
  py::list table;
  const SamplingParams defaults;
  for (const SamplingOption& option : sampling_options()) {
    table.append(py::make_tuple(option.json_name, option.original_name, object_of_json(option_value(option, defaults)),
                                option.help));
  }
  return table;
}

/// The window's parameters of a preset, by the names of the table.
py::dict preset(const std::string& name) {
  SamplingParams params;
  const SamplingParams defaults;
  apply_preset(name, params);
  py::dict changed;
  for (const SamplingOption& option : sampling_options()) {
    const Json value = option_value(option, params);
    if (!(value == option_value(option, defaults)))
      changed[py::str(std::string(option.json_name))] = object_of_json(value);
  }
  return changed;
}

}  // namespace

void bind_sampling(py::module_& module) {
  module.def("option_table", &option_table);
  module.def("preset", &preset);
  module.def("preset_names", [] {
    py::list names;
    for (const std::string_view name : preset_names()) names.append(name);
    return names;
  });
  module.def("check_settings", [](const py::dict& settings) {
    Json object = json_of_object(settings);
    object.set("prompt", "checked without a prompt of its own");
    validate(request_of_json(object, "SamplingParams").settings.params({}));
  });
  module.def("did_you_mean",
             [](const std::string& word, const std::vector<std::string>& known) { return did_you_mean(word, known); });
}

}  // namespace wedlm::python
