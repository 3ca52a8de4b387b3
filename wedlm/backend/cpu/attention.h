// Attention of the CPU backend over paged prefixes and a segment's own rows, in one pass.
//
// It is cut into strips (attention_strip.h). The keys of a strip are taken in chunks of a fixed number of positions
// from the sequence's start, each a softmax of its own; a chunk's result is merged into that of the chunks before it
// (Milakov and Gimelshein 2018). All orders depend on positions alone and neither on rows, threads nor on whether a
// token is in a page. Where there are too few strips for the threads, chunks of one strip are computed side by side and
// merged afterwards, in order.
#pragma once

#include <span>
#include <vector>

#include "wedlm/backend/backend.h"
#include "wedlm/backend/cpu/isa/kernel_table.h"
#include "wedlm/backend/cpu/scratch.h"
#include "wedlm/base/thread_team.h"

namespace wedlm {

struct AttentionScratch {
  explicit AttentionScratch(int num_threads) : of_threads(static_cast<std::size_t>(num_threads)) {}

  std::vector<Scratch> of_threads;
  Scratch chunks;  // results of chunks that wait to be merged
};

/// Of rows that `segments` tile.
void cpu_attention(const KernelTable& kernels, ThreadTeam& team, AttentionScratch& scratch, const AttentionArgs& args,
                   std::span<const AttentionSegment> segments);

}  // namespace wedlm
