#include "wedlm/backend/cpu/attention.h"

#include "wedlm/backend/cpu/attention_panels.h"
#include "wedlm/backend/cpu/attention_rows.h"

namespace wedlm {
namespace {

/// All strips, of one kind.
template <class Strip>
void attend(const AttentionPlan& plan, ThreadTeam& team, AttentionScratch& scratch) {
  const std::int64_t strip_floats = Strip::floats_for(plan);
  const std::int64_t result_floats = plan.result_floats();
  for (Scratch& one : scratch.of_threads) one.floats(strip_floats + 2 * result_floats);
  const auto memory_of = [&](int thread) {
    return scratch.of_threads[static_cast<std::size_t>(thread)].floats(strip_floats + 2 * result_floats);
  };
  const std::int64_t num_strips = plan.num_strips();
  // The last rows of a segment see the most keys: they go first, so that the threads end together.
  const auto strip_of = [&](std::int64_t index, int thread) {
    std::int64_t left = num_strips - 1 - index;
    const AttentionSegment* segment = plan.segments.data();
    for (; left >= plan.strips_of(*segment); ++segment) left -= plan.strips_of(*segment);
    return Strip(plan, *segment, left % plan.num_kv_heads, left / plan.num_kv_heads, memory_of(thread));
  };
  if (!plan.splits_chunks) {
    team.run(num_strips, [&](std::int64_t task, int thread) {
      Strip strip = strip_of(task, thread);
      const AttentionResult total(plan, memory_of(thread) + strip_floats);
      const AttentionResult one(plan, total.maxima + result_floats);
      strip.begin();
      strip.attend(0, total);
      for (std::int64_t chunk = 1; chunk < strip.num_chunks(); ++chunk) {
        strip.attend(chunk, one);
        strip.merge(one, total);
      }
      strip.scatter(total);
    });
    return;
  }
  float* memory = scratch.chunks.floats(num_strips * plan.max_chunks * result_floats);
  const auto result_of = [&](std::int64_t strip, std::int64_t chunk) {
    return AttentionResult(plan, memory + (strip * plan.max_chunks + chunk) * result_floats);
  };
  team.run(num_strips * plan.max_chunks, [&](std::int64_t task, int thread) {
    const std::int64_t chunk = task % plan.max_chunks;
    Strip strip = strip_of(task / plan.max_chunks, thread);
    if (chunk >= strip.num_chunks()) return;
    strip.begin();
    strip.attend(chunk, result_of(task / plan.max_chunks, chunk));
  });
  team.run(num_strips, [&](std::int64_t task, int thread) {
    const Strip strip = strip_of(task, thread);
    const AttentionResult total = result_of(task, 0);
    for (std::int64_t chunk = 1; chunk < strip.num_chunks(); ++chunk) strip.merge(result_of(task, chunk), total);
    strip.scatter(total);
  });
}

}  // namespace

void cpu_attention(const KernelTable& kernels, ThreadTeam& team, AttentionScratch& scratch, const AttentionArgs& args,
                   std::span<const AttentionSegment> segments) {
  const AttentionPlan plan(kernels, args, segments, team.size());
  PanelStrip::serves(kernels, args) ? attend<PanelStrip>(plan, team, scratch) : attend<RowStrip>(plan, team, scratch);
}

}  // namespace wedlm
