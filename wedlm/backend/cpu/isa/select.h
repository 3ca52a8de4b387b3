// Which table of micro-kernels this machine can run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wedlm/backend/cpu/isa/kernel_table.h"

namespace wedlm {

/// The names of those that the processor and the operating system support, the widest last.
std::vector<std::string> supported_kernels();

/// The table of that name; where `name` is empty, of the one in the environment variable WEDLM_ISA, else the widest.
/// Throws InvalidInput for any other name, listing those above.
const KernelTable& select_kernels(std::string_view name);

}  // namespace wedlm
