// libFuzzer: any bytes as a tokenizer.json, and a text encoded with what comes out of it. An input may be refused with
// InvalidInput; anything else that is thrown, or a text that does not come back, is a bug.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "wedlm/base/error.h"
#include "wedlm/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const wedlm::Tokenizer tokenizer = wedlm::Tokenizer::from_json(wedlm::parse_json(bytes, "input"), "input");
    for (const auto specials : {wedlm::SpecialTokens::kParse, wedlm::SpecialTokens::kAsText}) {
      const std::string_view texts[] = {"It's 42 e\u0301\r\n\n  <|x|> \u6F22\U0001F600 abcab",
                                        bytes.substr(0, std::min<std::size_t>(size, 64))};
      for (const std::string_view text : texts) {
        for (const wedlm::TokenId id : tokenizer.encode(text, specials)) {
          if (id < 0 || static_cast<std::size_t>(id) >= tokenizer.vocab_size()) std::abort();
        }
      }
    }
  } catch (const wedlm::InvalidInput&) {
    return 0;
  }
  return 0;
}
