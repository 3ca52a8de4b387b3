#include "wedlm/backend/cpu/attention.h"

#include "wedlm/backend/cpu/attention_panels.h"
#include "wedlm/backend/cpu/attention_rows.h"

namespace wedlm {
namespace {

/// All blocks, of one kind.
template <class Block>
void attend(const AttentionPlan& plan, ThreadTeam& team, AttentionScratch& scratch) {
  const std::int64_t block_floats = Block::floats_for(plan);
  const std::int64_t result_floats = plan.result_floats();
  for (Scratch& one : scratch.of_threads) one.floats(block_floats + 2 * result_floats);
  const auto memory_of = [&](int thread) {
    return scratch.of_threads[static_cast<std::size_t>(thread)].floats(block_floats + 2 * result_floats);
  };
  const std::int64_t num_blocks = plan.num_blocks();
  // The last rows of a segment see the most keys: they go first, so that the threads end together.
  const auto block_of = [&](std::int64_t index, int thread) {
    std::int64_t left = num_blocks - 1 - index;
    const AttentionSegment* segment = plan.segments.data();
    for (; left >= plan.blocks_of(*segment); ++segment) left -= plan.blocks_of(*segment);
    return Block(plan, *segment, left % plan.num_kv_heads, left / plan.num_kv_heads, memory_of(thread));
  };
  if (!plan.splits_chunks) {
    team.run(num_blocks, [&](std::int64_t task, int thread) {
      Block block = block_of(task, thread);
      const AttentionResult total(plan, memory_of(thread) + block_floats);
      const AttentionResult one(plan, total.maxima + result_floats);
      block.begin();
      block.attend(0, total);
      for (std::int64_t chunk = 1; chunk < block.num_chunks(); ++chunk) {
        block.attend(chunk, one);
        block.merge(one, total);
      }
      block.scatter(total);
    });
    return;
  }
  float* memory = scratch.chunks.floats(num_blocks * plan.max_chunks * result_floats);
  const auto result_of = [&](std::int64_t block, std::int64_t chunk) {
    return AttentionResult(plan, memory + (block * plan.max_chunks + chunk) * result_floats);
  };
  team.run(num_blocks * plan.max_chunks, [&](std::int64_t task, int thread) {
    const std::int64_t chunk = task % plan.max_chunks;
    Block block = block_of(task / plan.max_chunks, thread);
    if (chunk >= block.num_chunks()) return;
    block.begin();
    block.attend(chunk, result_of(task / plan.max_chunks, chunk));
  });
  team.run(num_blocks, [&](std::int64_t task, int thread) {
    const Block block = block_of(task, thread);
    const AttentionResult total = result_of(task, 0);
    for (std::int64_t chunk = 1; chunk < block.num_chunks(); ++chunk) block.merge(result_of(task, chunk), total);
    block.scatter(total);
  });
}

}  // namespace

void cpu_attention(const KernelTable& kernels, ThreadTeam& team, AttentionScratch& scratch, const AttentionArgs& args,
                   std::span<const AttentionSegment> segments) {
  const AttentionPlan plan(kernels, args, segments, team.size());
  PanelBlock::serves(kernels, args) ? attend<PanelBlock>(plan, team, scratch) : attend<RowBlock>(plan, team, scratch);
}

}  // namespace wedlm
