#include "wedlm/backend/make_backend.h"

#include <array>
#include <string_view>

#include "wedlm/backend/cpu/cpu_backend.h"
#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/base/named.h"

namespace wedlm {
namespace {

using MakeBackend = std::unique_ptr<Backend> (*)(const BackendOptions& options);

constexpr std::array kBackends = {
    Named{MakeBackend{[](const BackendOptions& options) { return make_cpu_backend(options.cpu); }}, "cpu"},
    Named{MakeBackend{[](const BackendOptions&) { return make_reference_backend(); }}, "reference"}};

}  // namespace

std::vector<std::string> backend_names() {
  const std::vector<std::string_view> names = names_of(kBackends);
  return {names.begin(), names.end()};
}

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
  return parse_named("backend", options.name, kBackends)(options);
}

int native_panel_lanes() {
  return select_kernels({}).panel_lanes;
}

}  // namespace wedlm
