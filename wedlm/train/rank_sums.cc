#include "wedlm/train/rank_sums.h"

#include <vector>

namespace wedlm::train {

bool sum_over_ranks(Ranks& ranks, bool is_interrupted, Losses& losses, std::initializer_list<std::size_t*> counts) {
  std::vector<double> values = {is_interrupted ? 1.0 : 0.0, losses.masked, losses.next_token, losses.distilled,
                                losses.total};
  std::vector<std::size_t*> all(counts);
  all.insert(all.end(), {&losses.num_masked, &losses.num_next});
  for (const std::size_t* count : all) values.push_back(static_cast<double>(*count));
  ranks.sum(values);
  losses.masked = values[1];
  losses.next_token = values[2];
  losses.distilled = values[3];
  losses.total = values[4];
  for (std::size_t i = 0; i < all.size(); ++i) *all[i] = static_cast<std::size_t>(values[5 + i]);
  return values[0] == 0;
}

}  // namespace wedlm::train
