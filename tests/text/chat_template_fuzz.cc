// libFuzzer target: any text as a template must render or end in InvalidInput.
#include <cstddef>
#include <cstdint>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using wedlm::Json;
  static const Json variables = wedlm::parse_json(
      R"({"messages": [{"role": "user", "content": "Hé 😀 x"}, {"role": "assistant", "content": null}],
          "tools": [{"name": "f", "parameters": {"a": [1, 2.5, true]}}], "n": 3, "s": "a b\nc", "xs": [3, 1, 2]})",
      "variables");
  try {
    (void)wedlm::ChatTemplate(std::string(reinterpret_cast<const char*>(data), size)).render(variables);
  } catch (const wedlm::InvalidInput&) {
  }
  return 0;
}
