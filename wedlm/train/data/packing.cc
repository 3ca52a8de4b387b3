#include "wedlm/train/data/packing.h"

#include <algorithm>
#include <cmath>

#include "wedlm/train/draws.h"

namespace wedlm::train {
namespace {

constexpr std::size_t kMaxOpen = 64;  // packs that still take samples; more of them change the order more

struct OpenPack {
  Pack samples;
  std::size_t room = 0;
};

}  // namespace

std::vector<std::size_t> epoch_order(const SampleSet& samples, std::span<const TrainingFile> files, std::uint64_t seed,
                                     std::uint64_t epoch) {
  Draws draws(seed, Draws::Purpose::kOrder, epoch);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double weight = files[samples.file_of(i)].weight;
    const double whole = std::floor(weight);
    const auto times = static_cast<std::size_t>(whole) + (draws.uniform() < weight - whole ? 1 : 0);
    order.insert(order.end(), times, i);
  }
  draws.shuffle(std::span(order));
  return order;
}

std::vector<Pack> packed(const SampleSet& samples, std::span<const std::size_t> order, std::size_t max_tokens) {
  std::vector<Pack> packs;
  std::vector<OpenPack> open;
  const auto close = [&](std::vector<OpenPack>::iterator pack) {
    packs.push_back(std::move(pack->samples));
    open.erase(pack);
  };
  for (const std::size_t index : order) {
    const std::size_t length = samples[index].size();
    auto best = open.end();
    for (auto pack = open.begin(); pack != open.end(); ++pack) {
      if (pack->room >= length && (best == open.end() || pack->room < best->room)) best = pack;
    }
    if (best == open.end()) {
      if (open.size() == kMaxOpen) close(std::ranges::min_element(open, {}, &OpenPack::room));
      open.push_back({.samples = {}, .room = std::max(max_tokens, length)});
      best = open.end() - 1;
    }
    best->samples.push_back(index);
    best->room -= length;
    if (best->room == 0) close(best);
  }
  while (!open.empty()) close(open.begin());
  return packs;
}

}  // namespace wedlm::train
