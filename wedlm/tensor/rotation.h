// The rotation in which packed formats round weights, and the CPU rounds what meets them: a product of rotated weights
// with rotated inputs is that of the originals, while a few large numbers among 64 become many middling ones, which
// share a scale better.
#pragma once

#include <cstdint>
#include <span>

namespace wedlm {

/// Inputs that are rotated together.
inline constexpr std::int64_t kRotatedInputs = 64;

/// Input i of a block changes its sign where bit i is set, so that a block of equal numbers is spread too. (The first
/// digits of pi after the point.)
inline constexpr std::uint64_t kRotationSigns = 0x243F6A8885A308D3;

/// Replaces each block x of n = kRotatedInputs numbers by D H / sqrt(n), with D = diag(+-1) by kRotationSigns and the
/// Hadamard matrix H in Sylvester's order. What is left at the end of the row is taken in blocks of falling powers of
/// two, each with a matrix of its size.
void rotate(std::span<float> row);

/// Undoes it, but for the last bits.
void rotate_back(std::span<float> row);

}  // namespace wedlm
