#include "wedlm/engine/block_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace wedlm {
namespace {

std::vector<TokenId> tokens_from(int first, int count) {
  std::vector<TokenId> tokens(static_cast<std::size_t>(count));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

TEST(BlockManagerTest, FindsWhatWasPublishedAndNoMore) {
  BlockManager blocks(8, 4, true);
  const auto tokens = tokens_from(0, 11);
  BlockTable first;
  ASSERT_TRUE(blocks.reserve(first, 11));
  EXPECT_EQ(first.blocks.size(), 3U);
  blocks.publish(first, tokens, 7);  // one full block, though a second is nearly full

  BlockTable second;
  EXPECT_EQ(blocks.match_prefix(tokens, 11, second), 4);
  EXPECT_EQ(second.blocks[0], first.blocks[0]);
  blocks.publish(first, tokens, 11);
  BlockTable third;
  EXPECT_EQ(blocks.match_prefix(tokens, 7, third), 4) << "the caller may limit it";
  BlockTable fourth;
  EXPECT_EQ(blocks.match_prefix(tokens, 11, fourth), 8);
  auto other = tokens;
  other[1] = 99;  // the second block is equal, but what stands before it is not
  BlockTable fifth;
  EXPECT_EQ(blocks.match_prefix(other, 11, fifth), 0);

  for (BlockTable* table : {&first, &second, &third, &fourth, &fifth}) blocks.release(*table);
  EXPECT_EQ(blocks.num_free_blocks(), 8);
}

TEST(BlockManagerTest, EvictsWhatWasGivenBackLongestAgo) {
  BlockManager blocks(4, 2, true);
  BlockTable old_table, new_table;
  const auto old_tokens = tokens_from(0, 4), new_tokens = tokens_from(10, 4);
  blocks.reserve(old_table, 4);
  blocks.publish(old_table, old_tokens, 4);
  blocks.reserve(new_table, 4);
  blocks.publish(new_table, new_tokens, 4);
  blocks.release(old_table);
  blocks.release(new_table);

  BlockTable table;
  ASSERT_TRUE(blocks.reserve(table, 2));  // takes the last page of the older one
  BlockTable found;
  EXPECT_EQ(blocks.match_prefix(old_tokens, 4, found), 2);
  blocks.release(found);
  EXPECT_EQ(blocks.count_shared_blocks(new_tokens, 4), 0) << "they would be found, but as free ones";
  EXPECT_EQ(blocks.match_prefix(new_tokens, 4, found), 4);
  EXPECT_EQ(blocks.count_shared_blocks(new_tokens, 4), 2);
  EXPECT_FALSE(blocks.reserve(table, 6)) << "two are in use elsewhere and one is free";
  EXPECT_EQ(table.blocks.size(), 1U) << "nothing was taken";
}

TEST(BlockManagerTest, WhatWasEvictedIsForgottenAndCanBePublishedAgain) {
  BlockManager blocks(2, 2, true);
  const auto a = tokens_from(0, 2), b = tokens_from(10, 2);
  const auto cache = [&blocks](const std::vector<TokenId>& tokens) {
    BlockTable table;
    ASSERT_TRUE(blocks.reserve(table, 2));
    blocks.publish(table, tokens, 2);
    blocks.release(table);
  };
  const auto is_found = [&blocks](const std::vector<TokenId>& tokens) {
    BlockTable table;
    const bool found = blocks.match_prefix(tokens, 2, table) == 2;
    blocks.release(table);
    return found;
  };
  cache(a);
  cache(b);
  BlockTable both;
  ASSERT_TRUE(blocks.reserve(both, 4));  // evicts the two
  EXPECT_FALSE(is_found(a));
  blocks.release(both);
  cache(a);
  EXPECT_TRUE(is_found(a));

  // The page that once held `b` is used for something that nobody publishes, and then for `b` another one is: giving
  // the former back and taking it again leaves `b` alone.
  cache(b);
  BlockTable first, second;
  ASSERT_TRUE(blocks.reserve(first, 2));   // was a's
  ASSERT_TRUE(blocks.reserve(second, 2));  // was b's
  blocks.publish(first, b, 2);
  blocks.release(second);
  ASSERT_TRUE(blocks.reserve(second, 2));
  EXPECT_TRUE(is_found(b));
  blocks.release(second);
  blocks.release(first);
  EXPECT_EQ(blocks.num_free_blocks(), 2);
}

TEST(BlockManagerTest, WithoutPrefixCacheNothingIsFound) {
  BlockManager blocks(4, 2, false);
  BlockTable table, found;
  blocks.reserve(table, 4);
  blocks.publish(table, tokens_from(0, 4), 4);
  EXPECT_EQ(blocks.match_prefix(tokens_from(0, 4), 4, found), 0);
}

TEST(BlockManagerTest, PagesBalanceAfterAnyHistory) {
  std::mt19937 random(5);
  BlockManager blocks(20, 3, true);
  struct Live {
    std::vector<TokenId> tokens;
    BlockTable table;
    std::int64_t num_cached = 0;
  };
  std::vector<Live> live;
  for (int step = 0; step < 20'000; ++step) {
    const int choice = static_cast<int>(random() % 4);
    if (choice == 0) {
      Live it{.tokens = tokens_from(static_cast<int>(random() % 3), 1 + static_cast<int>(random() % 15))};
      it.num_cached = blocks.match_prefix(it.tokens, std::ssize(it.tokens), it.table);
      live.push_back(std::move(it));
    } else if (!live.empty()) {
      Live& it = live[random() % live.size()];
      if (choice == 1) {
        blocks.release(it.table);
        std::swap(it, live.back());
        live.pop_back();
      } else if (blocks.reserve(it.table, std::ssize(it.tokens))) {
        it.num_cached = std::ssize(it.tokens);
        blocks.publish(it.table, it.tokens, it.num_cached);
      }
    }
    std::vector<int> references(20, 0);
    for (const Live& it : live) {
      for (const BlockId id : it.table.blocks) ++references[static_cast<std::size_t>(id)];
    }
    ASSERT_EQ(std::ranges::count(references, 0), blocks.num_free_blocks());
  }
  for (Live& it : live) blocks.release(it.table);
  EXPECT_EQ(blocks.num_free_blocks(), 20);
}

}  // namespace
}  // namespace wedlm
