// What the CPU backend reads out of logits: tiles of them that the head's product has just left in the cache, or whole
// rows that lie in memory. Both are read in the same tiles of the vocabulary, whose moments are added in their order,
// so that a row's prediction has the same bits either way, on any number of threads and among any number of rows.
#pragma once

#include <span>
#include <vector>

#include "wedlm/backend/cpu/isa/kernel_table.h"
#include "wedlm/backend/cpu/packing.h"
#include "wedlm/backend/cpu/scratch.h"
#include "wedlm/backend/sampling.h"
#include "wedlm/base/prediction.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

/// Kept between calls, so that a size that was seen before allocates nothing.
struct PredictScratch {
  Scratch packed_rows;
  Scratch logits;                     // [threads, rows, tokens of a tile]
  std::vector<RowFindings> findings;  // [threads, rows]
  std::vector<RowMoments> moments;    // [tiles, rows]
};

/// hidden [rows, hidden_size], head [vocab_size, hidden_size], sampling and predictions [rows]; no row needs all logits
void cpu_predict_online(const KernelTable& kernels, ThreadTeam& team, PredictScratch& scratch,
                        const ConstTensor& hidden, const CpuWeight& head, std::span<const SamplingRow> sampling,
                        std::span<Prediction> predictions);

/// One row of logits.
Prediction cpu_read_row(const KernelTable& kernels, std::span<const float> logits, const SamplingRow& sampling);

}  // namespace wedlm
