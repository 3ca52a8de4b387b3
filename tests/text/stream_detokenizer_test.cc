#include "wedlm/text/stream_detokenizer.h"

#include <gtest/gtest.h>

#include "tests/support/data.h"
#include "tests/text/random_text.h"
#include "wedlm/text/unicode.h"

namespace wedlm {
namespace {

/// What the stream gives for all tokens; each chunk is checked to be whole characters.
std::string streamed(const Tokenizer& tokenizer, const std::vector<TokenId>& ids, SpecialOutput specials) {
  StreamDetokenizer stream(tokenizer, specials);
  std::string text;
  for (const TokenId id : ids) {
    const std::string chunk = stream.add(id);
    EXPECT_TRUE(is_well_formed_utf8(chunk));
    text += chunk;
  }
  return text + stream.finish();
}

TEST(StreamDetokenizerTest, HoldsBackUntilACharacterIsComplete) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  StreamDetokenizer stream(tokenizer);
  const auto byte = [&](std::string_view bytes) { return tokenizer.find(bytes).value(); };
  EXPECT_EQ(stream.add(byte("\xF0")), "");
  EXPECT_EQ(stream.add(byte("\x9F")), "");
  EXPECT_EQ(stream.add(byte("\x98")), "");
  EXPECT_EQ(stream.add(byte("\x80")), "😀");
  EXPECT_EQ(stream.add(byte("\xE2")), "");
  EXPECT_EQ(stream.add(byte("a")), "\uFFFDa");
  EXPECT_EQ(stream.add(byte("\xE2")), "");
  EXPECT_EQ(stream.add(byte("\x82")), "");
  EXPECT_EQ(stream.finish(), "\uFFFD");
  EXPECT_EQ(stream.finish(), "");
  EXPECT_EQ(stream.add(byte("\x80")), "\uFFFD");  // nothing could ever complete it
  EXPECT_EQ(stream.add(byte("\xE0")), "");
  EXPECT_EQ(stream.add(byte("\x80")), "\uFFFD\uFFFD");  // E0 must be followed by A0 or more
}

TEST(StreamDetokenizerTest, SpecialTokensAreSkippedOrShown) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  const TokenId end = tokenizer.find("<|im_end|>").value();
  EXPECT_EQ(StreamDetokenizer(tokenizer).add(end), "");
  EXPECT_EQ(StreamDetokenizer(tokenizer, SpecialOutput::kShow).add(end), "<|im_end|>");
  EXPECT_EQ(StreamDetokenizer(tokenizer).add(-1), "");
  EXPECT_EQ(StreamDetokenizer(tokenizer).add(1'000'000), "");
}

TEST(StreamDetokenizerTest, GivesWhatDecodeGives) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    std::vector<TokenId> ids;
    if (round % 2 == 0) {
      ids = tokenizer.encode(random_unicode_text(random, 20));
    } else {
      // Any bytes at all, one token each, with special tokens between them.
      for (const char c : random_bytes(random, 20)) {
        if (const auto id = tokenizer.find({&c, 1})) ids.push_back(*id);
        if (random() % 8 == 0) ids.push_back(2044 + static_cast<TokenId>(random() % 4));
      }
    }
    for (const SpecialOutput specials : {SpecialOutput::kSkip, SpecialOutput::kShow}) {
      ASSERT_EQ(streamed(tokenizer, ids, specials), tokenizer.decode(ids, specials));
    }
  }
}

TEST(IncompleteSuffixTest, CountsOnlyWhatCanStillBecomeACharacter) {
  for (char32_t c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string whole = encode_utf8(c);
    for (std::size_t length = 0; length <= whole.size(); ++length) {
      const std::string text = "\u20AC" + whole.substr(0, length);
      ASSERT_EQ(incomplete_utf8_suffix(text), length == whole.size() ? 0 : length) << static_cast<int>(c);
    }
  }
  for (const std::string_view text :
       {"\x80", "a\x80\x80", "\xC0", "\xC1", "\xF5", "\xED\xA0", "\xF4\x90", "\xE0\x80"}) {
    EXPECT_EQ(incomplete_utf8_suffix(text), 0U);
  }
}

}  // namespace
}  // namespace wedlm
