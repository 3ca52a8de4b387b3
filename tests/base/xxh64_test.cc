#include "wedlm/base/xxh64.h"

#include <gtest/gtest.h>

#include <string>

namespace wedlm {
namespace {

std::uint64_t hash(const std::string& text) {
  return xxh64(std::as_bytes(std::span(text)));
}

/// Values of the reference implementation, by PyPI's xxhash.
TEST(Xxh64Test, IsThatOfTheReferenceImplementation) {
  EXPECT_EQ(hash(""), 0xEF46DB3751D8E999U);
  EXPECT_EQ(hash("a"), 0xD24EC4F1A98C6E5BU);
  EXPECT_EQ(hash("abc"), 0x44BC2CF5AD770999U);
  EXPECT_EQ(hash("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1U);
}

}  // namespace
}  // namespace wedlm
