#include "wedlm/eval/agreement.h"

#include <gtest/gtest.h>

#include <vector>

namespace wedlm {
namespace {

using Ids = std::vector<TokenId>;

TEST(AgreementTest, EqualTokensAreTheSameText) {
  EXPECT_TRUE(agreement(Ids{1, 2, 3}, Ids{1, 2, 3}).is_equal);
  EXPECT_EQ(agreement(Ids{1, 2, 3}, Ids{1, 2, 3}).prefix_share, 1);
  EXPECT_TRUE(agreement(Ids{}, Ids{}).is_equal);
  EXPECT_EQ(agreement(Ids{}, Ids{}).prefix_share, 1);
}

TEST(AgreementTest, TheCommonBeginningIsAShareOfTheLongerOne) {
  EXPECT_FALSE(agreement(Ids{1, 2, 3, 4}, Ids{1, 2, 9, 4}).is_equal);
  EXPECT_EQ(agreement(Ids{1, 2, 3, 4}, Ids{1, 2, 9, 4}).prefix_share, 0.5);
  EXPECT_FALSE(agreement(Ids{1, 2, 3, 4}, Ids{1}).is_equal);
  EXPECT_EQ(agreement(Ids{1, 2, 3, 4}, Ids{1}).prefix_share, 0.25);
  EXPECT_EQ(agreement(Ids{1}, Ids{1, 2, 3, 4}).prefix_share, 0.25);
  EXPECT_EQ(agreement(Ids{}, Ids{1}).prefix_share, 0);
  EXPECT_EQ(agreement(Ids{2}, Ids{1}).prefix_share, 0);
}

}  // namespace
}  // namespace wedlm
