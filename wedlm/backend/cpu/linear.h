// Matrix products of the CPU backend: who computes which panels, and in which order the caches see rows and weights.
// The arithmetic is in the micro-kernels. No blocking here changes the order in which a sum is taken.
#pragma once

#include "wedlm/backend/cpu/isa/kernel_table.h"
#include "wedlm/backend/cpu/packing.h"
#include "wedlm/backend/cpu/scratch.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

/// out = x weight^T + bias.    x [rows, in_features], bias [out_features] or null, out [rows, out_features]
/// `packed_rows` is scratch for the transposed rows.
void cpu_linear(const KernelTable& kernels, ThreadTeam& team, Scratch& packed_rows, const ConstTensor& x,
                const CpuWeight& weight, const float* bias, const Tensor& out);

}  // namespace wedlm
