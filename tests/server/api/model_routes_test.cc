#include "wedlm/server/api/model_routes.h"

#include <gtest/gtest.h>

namespace wedlm::server {
namespace {

TEST(ModelRoutesTest, NamesInAddressesMayBeEscaped) {
  EXPECT_EQ(percent_decoded("nano"), "nano");
  EXPECT_EQ(percent_decoded("tencent%2FWeDLM-8B%2finstruct"), "tencent/WeDLM-8B/instruct");
  EXPECT_EQ(percent_decoded("%C3%A4%"), "\xC3\xA4%");
  EXPECT_EQ(percent_decoded("%4"), "%4");
  EXPECT_EQ(percent_decoded("%zz%-1%+1"), "%zz%-1%+1");
  EXPECT_EQ(percent_decoded(""), "");
}

}  // namespace
}  // namespace wedlm::server
