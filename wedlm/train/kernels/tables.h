// The row kernels of each set of instructions, of which select.cc takes what may run.
#pragma once

#include "wedlm/train/kernels/row_kernels.h"

namespace wedlm::train {

struct RowTables {
  const RowKernels<float>* of_floats = nullptr;
  const RowKernels<double>* of_doubles = nullptr;
};

RowTables portable_row_kernels();  // what the compiler makes of them for the architecture's baseline
RowTables avx2_row_kernels();
RowTables avx512_row_kernels();

}  // namespace wedlm::train
