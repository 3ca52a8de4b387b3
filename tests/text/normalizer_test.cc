#include "wedlm/text/normalizer.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <cstdlib>

#include "tests/text/random_text.h"

namespace wedlm {
namespace {

/// The library's own normalisation, which to_nfc() replaces to be bounded in time.
std::string reference_nfc(const std::string& text) {
  utf8proc_uint8_t* result = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &result, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length < 0) return "cannot be normalised";
  std::string composed(reinterpret_cast<const char*>(result), static_cast<std::size_t>(length));
  std::free(result);
  return composed;
}

// Examples of UAX 15: singletons, composition, order of marks, Hangul, and the composition exclusions.
TEST(NormalizerTest, ComposesTheExamplesOfTheStandard) {
  EXPECT_EQ(to_nfc("\u212B"), "\u00C5");
  EXPECT_EQ(to_nfc("A\u030A"), "\u00C5");
  EXPECT_EQ(to_nfc("\u2126"), "\u03A9");
  EXPECT_EQ(to_nfc("s\u0323\u0307"), "\u1E69");
  EXPECT_EQ(to_nfc("s\u0307\u0323"), "\u1E69");
  EXPECT_EQ(to_nfc("\u1E0B\u0323"), "\u1E0D\u0307");
  EXPECT_EQ(to_nfc("q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(to_nfc("\u1100\u1161\u11A8"), "\uAC01");
  EXPECT_EQ(to_nfc("\u0958"), "\u0915\u093C");
  EXPECT_EQ(to_nfc("\uFB01"), "\uFB01");
  EXPECT_EQ(to_nfc("plain"), "plain");
  EXPECT_EQ(to_nfc(""), "");
}

TEST(NormalizerTest, AgreesWithTheLibraryAndIsIdempotent) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = random_unicode_text(random, 12);
    const std::string composed = to_nfc(text);
    ASSERT_EQ(composed, reference_nfc(text));
    ASSERT_EQ(to_nfc(composed), composed);
  }
}

TEST(NormalizerTest, TheQuickAnswerIsNeverWrong) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string character = encode_utf8(c);
    if (!is_surely_nfc(character)) continue;
    ASSERT_EQ(reference_nfc(character), character) << static_cast<int>(c);
    ASSERT_EQ(utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class, 0) << static_cast<int>(c);
  }
  // None of them is the second half of a composition with any character.
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    utf8proc_int32_t parts[8];
    const auto num_parts =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, 8, UTF8PROC_DECOMPOSE, nullptr);
    const bool composes = reference_nfc(encode_utf8(c)) == encode_utf8(c);
    for (utf8proc_ssize_t i = 1; composes && i < num_parts; ++i) {
      ASSERT_FALSE(is_surely_nfc(encode_utf8(static_cast<char32_t>(parts[i])))) << static_cast<int>(c);
    }
  }
}

TEST(NormalizerTest, AMillionMarksTakeNoSquareOfTheTime) {
  std::string marks = "a", low, high;
  for (int i = 0; i < 500'000; ++i) {
    marks += "\u0301\u0323";  // classes 230 and 220: all of the second kind go to the front
    low += "\u0323";
    high += "\u0301";
  }
  // The first mark of each class combines: a with dot below is U+1EA1; it has no form with an acute.
  EXPECT_EQ(to_nfc(marks), "\u1EA1" + low.substr(2) + high);
}

}  // namespace
}  // namespace wedlm
