// Random numbers that belong to a place and not to a moment: a counter-based generator, so that the noise of a token
// does not depend on the window, the batch or the schedule it was drawn in.
#pragma once

#include <array>
#include <cstdint>

namespace wedlm {

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a bijection of `counter`
/// chosen by `key`; the outputs for distinct counters are independent for all practical purposes.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Noise of one vocabulary entry at one position: a standard Gumbel variable, -log(-log(u)) with u in (0, 1).
/// argmax over v of log p_v + gumbel(v) is a draw from p (the Gumbel-max trick).
float gumbel(std::uint64_t seed, std::uint64_t position, std::uint32_t token);

}  // namespace wedlm
