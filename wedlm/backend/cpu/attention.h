// Attention of the CPU backend over paged prefixes and a segment's own rows, as two matrix products around a softmax.
//
// A task is one kv head and as many of a segment's query vectors as a panel has lanes: the rows times the query heads
// that share the kv head, in that order. Lane j of every vector is query vector j, so no sum runs across lanes:
//   scores[t][j] = sum over d of key[t][d] * query[j][d]        the queries are the panel, the keys are the rows
//   out[j][d]    = sum over t of weight[t][j] * value[t][d]     the values are the panel, where they stand in the pages
// Both sums run one term after the other, whichever page or row the term comes from.
#pragma once

#include <vector>

#include "wedlm/backend/backend.h"
#include "wedlm/backend/cpu/isa/kernel_table.h"
#include "wedlm/backend/cpu/scratch.h"
#include "wedlm/base/thread_team.h"

namespace wedlm {

/// `scratch` holds one for each thread of the team.
void cpu_attention(const KernelTable& kernels, ThreadTeam& team, std::vector<Scratch>& scratch,
                   const AttentionArgs& args);

}  // namespace wedlm
