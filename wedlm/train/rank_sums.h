// What the processes of a run have measured, each of its share, as that of all.
#pragma once

#include <cstddef>
#include <initializer_list>

#include "wedlm/train/torch/ranks.h"
#include "wedlm/train/torch/trained_model.h"

namespace wedlm::train {

/// Losses and counts become their sums over all ranks. False where one of them was interrupted.
bool sum_over_ranks(Ranks& ranks, bool is_interrupted, Losses& losses, std::initializer_list<std::size_t*> counts = {});

}  // namespace wedlm::train
