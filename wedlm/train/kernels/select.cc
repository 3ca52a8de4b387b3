#include "wedlm/train/kernels/tables.h"

namespace wedlm::train {
namespace {

RowTables select_tables() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return avx512_row_kernels();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_row_kernels();
#endif
  return portable_row_kernels();
}

const RowTables& tables() {
  static const RowTables chosen = select_tables();
  return chosen;
}

}  // namespace

template <>
const RowKernels<float>& row_kernels<float>() {
  return *tables().of_floats;
}

template <>
const RowKernels<double>& row_kernels<double>() {
  return *tables().of_doubles;
}

}  // namespace wedlm::train
