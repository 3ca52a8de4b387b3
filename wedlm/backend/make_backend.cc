#include "wedlm/backend/make_backend.h"

#include "wedlm/backend/cpu/cpu_backend.h"
#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/base/error.h"
#include "wedlm/base/named.h"

namespace wedlm {

std::vector<std::string> backend_names() {
  return {"cpu", "reference"};
}

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
  if (options.name == "cpu") return make_cpu_backend(options.cpu);
  if (options.name == "reference") return make_reference_backend();
  const std::vector<std::string> names = backend_names();
  throw InvalidInput(unknown_name("backend", std::vector<std::string_view>(names.begin(), names.end()), options.name));
}

int native_panel_lanes() {
  return select_kernels({}).panel_lanes;
}

}  // namespace wedlm
