#include "wedlm/backend/cpu/isa/select.h"

#include <string_view>

#include "wedlm/train/kernels/tables.h"

namespace wedlm::train {
namespace {

/// By the engine's choice, whose sets of instructions are finer.
RowTables select_tables() {
#if defined(__x86_64__)
  const std::string_view chosen = select_kernels("").name;
  if (chosen.starts_with("avx512") || chosen.starts_with("amx")) return avx512_row_kernels();
  if (chosen == "avx2") return avx2_row_kernels();
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
