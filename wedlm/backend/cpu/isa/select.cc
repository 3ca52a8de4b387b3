#include "wedlm/backend/cpu/isa/select.h"

#include <cstdlib>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::vector<const KernelTable*> supported_tables() {
  std::vector<const KernelTable*> tables = {&portable_kernels()};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) tables.push_back(&avx2_kernels());
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    tables.push_back(&avx512_kernels());
    if (__builtin_cpu_supports("avx512vnni")) {
      tables.push_back(&avx512_vnni_kernels());
      if (__builtin_cpu_supports("avx512bf16")) tables.push_back(&avx512_bf16_kernels());
    }
  }
#elif defined(__aarch64__)
  tables.push_back(&neon_kernels());
#endif
  return tables;
}

}  // namespace

std::vector<std::string> supported_kernels() {
  std::vector<std::string> names;
  for (const KernelTable* table : supported_tables()) names.emplace_back(table->name);
  return names;
}

const KernelTable& select_kernels(std::string_view name) {
  const std::vector<const KernelTable*> tables = supported_tables();
  if (const char* forced = std::getenv("WEDLM_ISA"); name.empty() && forced != nullptr) name = forced;
  if (name.empty()) return *tables.back();
  std::string known;
  for (const KernelTable* table : tables) {
    if (name == table->name) return *table;
    known += (known.empty() ? "" : ", ") + std::string(table->name);
  }
  throw InvalidInput("WEDLM_ISA: expected one of those that this machine has (" + known + "), got \"" +
                     std::string(name) + "\"");
}

}  // namespace wedlm
