#include "wedlm/train/batches.h"

#include <cmath>

namespace wedlm::train {
namespace {

constexpr std::uint64_t kPacksPerEpoch = std::uint64_t{1} << 32;  // at most: each has a place of its own to draw at

}  // namespace

const std::vector<Pack>& Batches::packs_of(std::int64_t epoch) {
  if (current_ != epoch) {
    const auto order = epoch_order(samples_, files_, options_.seed, static_cast<std::uint64_t>(epoch));
    packs_ = packed(samples_, order, options_.max_tokens);
    current_ = epoch;
  }
  return packs_;
}

std::int64_t Batches::steps_of(std::int64_t epoch) {
  while (std::ssize(steps_) <= epoch) {
    const auto num_packs = std::ssize(packs_of(std::ssize(steps_)));
    steps_.push_back((num_packs + options_.accumulation - 1) / options_.accumulation);
  }
  return steps_[static_cast<std::size_t>(epoch)];
}

std::int64_t Batches::steps_of_all(double num_epochs) {
  std::int64_t steps = 0;
  const auto whole = static_cast<std::int64_t>(std::floor(num_epochs));
  for (std::int64_t epoch = 0; epoch < whole; ++epoch) steps += steps_of(epoch);
  const double rest = num_epochs - static_cast<double>(whole);
  if (rest > 0) steps += static_cast<std::int64_t>(std::ceil(rest * static_cast<double>(steps_of(whole))));
  return steps;
}

Batches::Place Batches::place_of(std::int64_t step) {
  Place place{.epoch = 0, .step = step};
  for (; place.step >= steps_of(place.epoch); ++place.epoch) place.step -= steps_of(place.epoch);
  return place;
}

std::pair<std::int64_t, std::int64_t> Batches::range_of(const Place& place) {
  return {place.step * options_.accumulation,
          std::min(std::ssize(packs_of(place.epoch)), (place.step + 1) * options_.accumulation)};
}

std::int64_t Batches::num_packs(std::int64_t step) {
  const auto [begin, end] = range_of(place_of(step));
  return end - begin;
}

std::vector<DualStream> Batches::of_step(std::int64_t step, const PackShare& share) {
  const Place place = place_of(step);
  const auto [begin, end] = range_of(place);
  const std::vector<Pack>& packs = packs_of(place.epoch);
  std::vector<DualStream> streams;
  for (std::int64_t i = begin + share.rank; i < end; i += share.size) {
    const auto pack = static_cast<std::uint64_t>(place.epoch) * kPacksPerEpoch + static_cast<std::uint64_t>(i);
    Draws draws(options_.seed, Draws::Purpose::kMasks, pack);
    std::vector<SampleView> views;
    std::vector<std::vector<MaskedBlock>> blocks;
    for (const std::size_t index : packs[static_cast<std::size_t>(i)]) {
      views.push_back(samples_[index]);
      blocks.push_back(without_idle(draw_masks(views.back(), options_.masks, draws)));
    }
    streams.push_back(dual_stream(views, blocks, options_.mask_token_id));
    streams.back().place = pack;
  }
  return streams;
}

}  // namespace wedlm::train
