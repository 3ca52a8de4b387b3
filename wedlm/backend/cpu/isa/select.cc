#include "wedlm/backend/cpu/isa/select.h"

#include <cstdlib>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace wedlm {
namespace {

#if defined(__x86_64__)
/// Compilers have no name for it that all of them know.
bool has_avx_vnni() {
  constexpr unsigned kAvxVnni = 1U << 4;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & kAvxVnni) != 0;
}

/// Whether the processor has tiles with products of bfloat16 and integers, and the kernel lets this process use them:
/// their registers are 8 KiB a thread, so Linux (since 5.16) wants to be asked, and may refuse.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr unsigned kBF16 = 1U << 22;
  constexpr unsigned kTiles = 1U << 24;
  constexpr unsigned kInt8 = 1U << 25;
  constexpr unsigned kNeeded = kBF16 | kTiles | kInt8;
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kNeeded) == kNeeded &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#elif defined(__aarch64__)
bool has_dotprod() {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif defined(__APPLE__)
  return true;  // of all that there are
#else
  return false;
#endif
}
#endif

std::vector<const KernelTable*> supported_tables() {
  std::vector<const KernelTable*> tables = {&portable_kernels()};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    tables.push_back(&avx2_kernels());
    if (has_avx_vnni()) tables.push_back(&avx_vnni_kernels());
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    tables.push_back(&avx512_kernels());
    if (__builtin_cpu_supports("avx512vnni")) {
      tables.push_back(&avx512_vnni_kernels());
      if (__builtin_cpu_supports("avx512bf16")) {
        tables.push_back(&avx512_bf16_kernels());
        if (may_use_tiles()) tables.push_back(&amx_kernels());
      }
    }
  }
#elif defined(__aarch64__)
  tables.push_back(&neon_kernels());
  if (has_dotprod()) tables.push_back(&neon_dotprod_kernels());
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
  std::vector<std::string_view> known;
  for (const KernelTable* table : tables) {
    if (name == table->name) return *table;
    known.push_back(table->name);
  }
  throw InvalidInput(unknown_name("WEDLM_ISA, of what this machine has", known, name));
}

}  // namespace wedlm
