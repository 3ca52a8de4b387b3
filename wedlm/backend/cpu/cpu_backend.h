// The backend of the host's processor: weights in packed panels, threads, and the micro-kernels of the widest
// instruction set that the machine has. WEDLM_ISA=portable, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx,
// neon or neon_dotprod forces another. Results do not depend on the number of threads, though the last bits do depend
// on the instruction set.
//
// The threads meet 14 times in a layer: in each of four linear ops twice, once to pack the rows and once for the
// product, and once in the norm after either branch, the heads' norms and rotation, storing K/V, attention (once more
// where it cuts a long prefix into parts) and the activation. What is too little to share the caller does alone: for
// one row of Qwen3-0.6B five meetings are left, four products and attention.
#pragma once

#include <memory>

#include "wedlm/backend/cpu/isa/kernel_table.h"
#include "wedlm/backend/make_backend.h"

namespace wedlm {

/// Throws InvalidInput for an instruction set that is unknown or that this machine lacks, and for other bits of
/// activations than 8 and 16.
std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options);

/// Those that make_cpu_backend() takes. Throws as it does.
KernelTable kernels_for(const CpuOptions& options);

/// The same over kernels that the caller knows this machine to run, whatever `isa` says.
std::unique_ptr<Backend> make_cpu_backend(const KernelTable& kernels, const CpuOptions& options);

}  // namespace wedlm
