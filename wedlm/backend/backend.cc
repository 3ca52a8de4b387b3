#include "wedlm/backend/backend.h"

#include "wedlm/backend/cpu/cpu_backend.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/base/error.h"

namespace wedlm {

void Backend::add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                           const Tensor& out) {
  add(x, residual);
  rms_norm(residual, weight, eps, out);
}

std::vector<std::string> backend_names() {
  return {"cpu", "reference"};
}

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
  if (options.name == "cpu") return make_cpu_backend({.num_threads = options.num_threads});
  if (options.name == "reference") return make_reference_backend();
  std::string known;
  for (const std::string& name : backend_names()) known += (known.empty() ? "" : ", ") + name;
  throw InvalidInput("backend: expected one of " + known + ", got \"" + options.name + "\"");
}

}  // namespace wedlm
