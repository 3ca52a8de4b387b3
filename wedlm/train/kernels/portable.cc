#include "wedlm/train/kernels/tables.h"

namespace wedlm::train {
namespace {

#include "wedlm/train/kernels/row_kernels.inc"

constexpr RowKernels<float> kOfFloats = make_kernels<float>("portable");
constexpr RowKernels<double> kOfDoubles = make_kernels<double>("portable");

}  // namespace

RowTables portable_row_kernels() {
  return {.of_floats = &kOfFloats, .of_doubles = &kOfDoubles};
}

}  // namespace wedlm::train
