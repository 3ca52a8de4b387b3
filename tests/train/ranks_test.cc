#include "wedlm/train/torch/ranks.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <atomic>
#include <chrono>

#include "tests/train/ranks_in_threads.h"
#include "wedlm/train/torch/part_exchange.h"

namespace wedlm::train {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

void expect_that_all_end_well(const std::vector<std::exception_ptr>& thrown) {
  for (const auto& one : thrown) EXPECT_EQ(message_of(one), "");
}

TEST(RanksTest, AddUpGatherAndHearTheFirst) {
  for (const int size : {2, 3}) {
    expect_that_all_end_well(as_ranks(size, [size](Ranks& ranks) {
      const int rank = ranks.rank();
      std::vector<double> values = {1, static_cast<double>(rank)};
      ranks.sum(values);
      EXPECT_THAT(values, ElementsAre(size, size * (size - 1) / 2));
      EXPECT_TRUE(ranks.any(rank == 1));
      EXPECT_FALSE(ranks.any(false));

      at::Tensor told = at::full({3}, rank + 5.0, at::kFloat);
      ranks.broadcast(told);
      EXPECT_TRUE(at::equal(told, at::full({3}, 5.0, at::kFloat)));

      const auto texts = ranks.gather(std::string(static_cast<std::size_t>(rank), 'x'));
      ASSERT_EQ(texts.size(), static_cast<std::size_t>(size));
      for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], std::string(i, 'x'));
    }));
  }
}

TEST(RanksTest, RowsAreReducedToTheirRankAndGatheredFromIt) {
  constexpr int kSize = 3;
  expect_that_all_end_well(as_ranks(kSize, [](Ranks& ranks) {
    const int rank = ranks.rank();
    // Rank r has r + 1 times 0, 1, 2, ...: together six times.
    const at::Tensor numbers = at::arange(kSize * 5, at::kFloat).view({kSize, 5});
    const at::Tensor rows = numbers * (rank + 1.0);
    ranks.reduce_scatter(rows);
    EXPECT_TRUE(at::equal(rows[rank], numbers[rank] * 6));
    for (const auto type : {at::kFloat, at::kBFloat16}) {
      at::Tensor gathered = at::zeros({kSize, 5}, type);
      gathered[rank].copy_(numbers[rank]);
      ranks.all_gather(gathered);
      EXPECT_TRUE(at::equal(gathered, numbers.to(type)));
    }
  }));
}

TEST(RanksTest, OthersWaitForWhatTheFirstDoesAlone) {
  std::atomic<bool> is_done = false;
  expect_that_all_end_well(as_ranks(2, [&](Ranks& ranks) {
    ranks.first_alone([&] {
      EXPECT_TRUE(ranks.is_first());
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      is_done = true;
    });
    EXPECT_TRUE(is_done);
  }));
}

TEST(RanksTest, OfWhatEndsAllOnlyOneSpeaks) {
  // In one, and in all at the same time.
  for (const bool in_all : {false, true}) {
    const auto thrown = as_ranks(3, [in_all](Ranks& ranks) {
      if (in_all || ranks.rank() == 1) throw InvalidInput("a bad thing");
      ranks.any(false);
    });
    std::vector<std::string> messages;
    for (const auto& one : thrown) messages.push_back(message_of(one));
    EXPECT_THAT(messages, Each(AnyOf("a bad thing", SaidElsewhere().what())));
    EXPECT_EQ(std::ranges::count(messages, "a bad thing"), 1);
  }
}

TEST(RanksTest, ARankThatGoesWithoutAWordIsNamed) {
  for (const int lost : {0, 2}) {
    std::vector<std::string> messages(3);
    std::atomic<int> num_met = 0;
    const std::uint16_t port = free_port();
    std::vector<std::thread> threads;
    for (int rank = 0; rank < 3; ++rank) {
      threads.emplace_back([&, rank] {
        auto ranks = meet({.rank = rank, .size = 3, .address = "127.0.0.1", .port = port}, {});
        ++num_met;
        while (num_met < 3) std::this_thread::yield();
        if (rank == lost) return;
        try {
          ranks->any(false);
        } catch (const std::exception&) {
          messages[static_cast<std::size_t>(rank)] = message_of(ranks->end(std::current_exception()));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    const std::string wanted = "lost rank " + std::to_string(lost) + " of the run's 3 processes";
    EXPECT_THAT(messages, testing::Contains(HasSubstr(wanted)));
    for (const std::string& message : messages) {
      EXPECT_THAT(message, AnyOf("", HasSubstr(wanted), SaidElsewhere().what()));
    }
  }
}

TEST(RanksTest, OthersOfAnotherWorldAreRefused) {
  const std::uint16_t port = free_port();
  std::string first;
  std::thread other([&] {
    try {
      meet({.rank = 0, .size = 2, .address = "127.0.0.1", .port = port}, {});
    } catch (const std::exception& error) {
      first = error.what();
    }
  });
  try {
    meet({.rank = 1, .size = 3, .address = "127.0.0.1", .port = port}, {});
    ADD_FAILURE() << "a world of three met one of two";
  } catch (const InvalidInput& error) {
    EXPECT_THAT(error.what(), HasSubstr("rank 1 has a world of 3, and that of rank 0 one of 2"));
  }
  other.join();
  EXPECT_EQ(first, SaidElsewhere().what());
}

TEST(RanksTest, APortThatIsTakenAndAnInterruptEndTheWait) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const World world = {.rank = 0, .size = 2, .address = "127.0.0.1", .port = free_port()};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(world.port);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(socket, 1), 0);
  try {
    meet(world, {});
    ADD_FAILURE() << "two listen at one port";
  } catch (const ResourceError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot listen at port " + std::to_string(world.port)));
  }
  ::close(socket);
  EXPECT_THROW(meet(world, {.is_interrupted = [] { return true; }}), Interrupted);
  EXPECT_THROW(meet({.rank = 1, .size = 2, .address = "127.0.0.1", .port = free_port()},
                    {.is_interrupted = [] { return true; }}),
               Interrupted);
}

/// More elements than a bucket has, and of sizes that no number of ranks divides.
TEST(RanksTest, PartsOfWeightsGetTheirSumsAndMakeThemWhole) {
  for (const int size : {2, 3}) {
    expect_that_all_end_well(as_ranks(size, [size](Ranks& ranks) {
      const std::vector<std::int64_t> sizes = {7'000'001, 1, 13};
      std::vector<at::Tensor> gradients, weights;
      for (const std::int64_t n : sizes) {
        gradients.push_back(at::arange(n, at::kFloat).remainder(1000) * (ranks.rank() + 1.0));
        weights.push_back(at::zeros({n}, at::kBFloat16));
      }
      if (ranks.rank() == 0) gradients[2] = at::Tensor();  // has none
      const std::vector<at::Tensor> parts = sum_to_parts(gradients, sizes, ranks);
      share_parts(parts, weights, ranks);
      const double all = size * (size + 1) / 2.0;
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        const at::Tensor sum = at::arange(sizes[i], at::kFloat).remainder(1000) * (i == 2 ? all - 1 : all);
        EXPECT_TRUE(at::equal(joined_parts(parts[i], sizes[i], ranks), sum)) << i;
        EXPECT_TRUE(at::equal(weights[i], sum.to(at::kBFloat16))) << i;
      }
    }));
  }
}

}  // namespace
}  // namespace wedlm::train
