#!/usr/bin/env python3
"""Makes examples of TDPBF16PS for tile_model_test.cc:

  tests/backend/make_tile_examples.py | clang-format > tests/backend/tile_examples.h

The sums are rational numbers, rounded to float32 where the operation in Intel's manual rounds, so nothing here goes the
way of the model, which uses a processor's floats. Nothing but Python's standard library.
"""

import random
from fractions import Fraction

ROWS, INPUTS, COLUMNS = 3, 10, 4
MIN_NORMAL = Fraction(1, 2**126)


def round_f32(exact):
    """To the nearest float32, ties to even; what is below the normal ones is zero."""
    if exact == 0:
        return exact
    exponent = 0
    while abs(exact) >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while abs(exact) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - 23)
    rounded = round(exact / unit) * unit  # Python rounds ties to even
    return rounded if abs(rounded) >= MIN_NORMAL else Fraction(0)


def value_of_bf16(bits):
    sign = -1 if bits >> 15 else 1
    exponent = bits >> 7 & 0xFF
    if exponent == 0:  # zero, or denormal and taken for zero
        return Fraction(0)
    return sign * Fraction(128 + (bits & 0x7F), 128) * Fraction(2) ** (exponent - 127)


def bits_of_f32(value):
    if value == 0:
        return 0
    sign, size, exponent = int(value < 0), abs(value), 127
    while size >= 2:
        size, exponent = size / 2, exponent + 1
    while size < 1:
        size, exponent = size * 2, exponent - 1
    return sign << 31 | exponent << 23 | int((size - 1) * 2**23)


def draw_bf16(draw, low, high):
    return draw.randint(0, 1) << 15 | draw.randint(127 + low, 127 + high) << 7 | draw.randint(0, 127)


def product(sum_, x, weights):
    halves = [Fraction(0), Fraction(0)]
    for k, (a, b) in enumerate(zip(x, weights)):
        halves[k % 2] = round_f32(halves[k % 2] + value_of_bf16(a) * value_of_bf16(b))
    return round_f32(sum_ + round_f32(halves[0] + halves[1]))


def array(name, kind, rows, digits):
    text = ",".join("{" + ",".join(f"0x{bits:0{digits}X}" for bits in row) + "}" for row in rows)
    return f"constexpr {kind} {name}[{len(rows)}][{len(rows[0])}] = {{{text}}};"


def main():
    draw = random.Random(1)
    x = [[draw_bf16(draw, -9, 9) for _ in range(INPUTS)] for _ in range(ROWS)]
    weights = [[draw_bf16(draw, -9, 9) for _ in range(COLUMNS)] for _ in range(INPUTS)]
    # Beside numbers of all sizes: a row whose products are near the smallest normal number, and denormal operands.
    x[2] = [draw_bf16(draw, -125, -120) for _ in range(INPUTS)]
    x[1][3], weights[6][2], weights[7][2] = 0x0071, 0x8055, 0x0001
    sums = [[draw_bf16(draw, -4, 12) << 16 | draw.randint(0, 65535) for _ in range(COLUMNS)] for _ in range(ROWS)]
    sums[2] = [0, 0x00800000, 0x80800001, 0x00012345]  # normal but for the last
    value_of_f32 = lambda bits: (value_of_bf16(bits >> 16) + (-1 if bits >> 31 else 1) * Fraction(bits & 0xFFFF, 2**23)
                                 * Fraction(2) ** ((bits >> 23 & 0xFF) - 127)) if bits >> 23 & 0xFF else Fraction(0)
    results = [[bits_of_f32(product(value_of_f32(sums[m][n]), x[m], [row[n] for row in weights]))
                for n in range(COLUMNS)] for m in range(ROWS)]
    print("// Operands and results of TDPBF16PS, as bits. Made by tests/backend/make_tile_examples.py.")
    print("#pragma once\n#include <cstdint>\nnamespace wedlm {")
    print(array("kExampleX", "std::uint16_t", x, 4), " // [rows][inputs]")
    print(array("kExampleWeights", "std::uint16_t", weights, 4), " // [inputs][columns]")
    print(array("kExampleSums", "std::uint32_t", sums, 8), " // [rows][columns], before")
    print(array("kExampleResults", "std::uint32_t", results, 8), " // and behind the instruction")
    print("}  // namespace wedlm")


if __name__ == "__main__":
    main()
