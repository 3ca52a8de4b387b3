// What a machine gives to code that does nothing else, as two numbers; and how they are kept from one start to the
// next, so that they are measured once.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace wedlm {

/// 0 where nobody has measured it.
struct MachineRates {
  double read_gb_per_s = 0;    // of memory, in powers of 1000
  double multiply_tflops = 0;  // a multiply-add is two
};

/// Measures once for each `key` and folder, and reads what it then wrote there from then on. What cannot be read or
/// written, or has been damaged, is as if it were not there; an empty folder keeps nothing. Several processes may do so
/// at once.
MachineRates kept_rates(const std::filesystem::path& folder, const std::string& key,
                        const std::function<MachineRates()>& measure);

/// The processor as the system calls it; empty where it does not.
std::string processor_name();

}  // namespace wedlm
