#include "cli/version.h"

#include <string_view>
#include <vector>

#include "cli/options/option_group.h"
#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/server/http/http_server.h"
#include "wedlm/server/page/page_files.h"

namespace wedlm::cli {
namespace {

constexpr std::string_view kVendor = "/vendor/";

/// "/vendor/katex/katex.min.js" is katex.
std::string page_libraries() {
  std::vector<std::string_view> names;
  for (const server::PageFile& file : server::page_files()) {
    if (!file.path.starts_with(kVendor) || !file.path.ends_with(".js")) continue;
    const std::string_view name = file.path.substr(file.path.rfind('/') + 1);
    names.push_back(name.substr(0, name.find('.')));
  }
  return names.empty() ? "plain text" : joined(names, ", ");
}

}  // namespace

std::string version_text() {
  std::string text = "wedlm " WEDLM_VERSION;
#ifdef WEDLM_HAVE_LIBEDIT
  text += "\nline editing: libedit";
#else
  text += "\nline editing: none";
#endif
#ifdef WEDLM_LIBTORCH_VERSION
  text += "\ntraining: LibTorch " WEDLM_LIBTORCH_VERSION ", ";
  text += *WEDLM_COLLECTIVES == '\0' ? "one process" : "several processes by " WEDLM_COLLECTIVES;
#else
  text += "\ntraining: none";
#endif
#ifdef WEDLM_PYTHON_MODULE
  text += "\nPython module: " WEDLM_PYTHON_MODULE;
#else
  text += "\nPython module: none";
#endif
  text += "\npage: " + page_libraries();
  text += "\nTLS: " + server::tls_library();
  text += "\nCPU kernels for this machine: " + joined(supported_kernels(), ", ");
  return text;
}

}  // namespace wedlm::cli
