// The machine code of the level "amx" on a machine without AMX: each of its instructions is trapped there, decoded from
// its bytes, and done by the model. So what the compiler and the assembler made is run too, where the other tests run
// the kernels over the model alone. With AMX there is nothing to trap, and the conformance tests run the level itself.
#include <cpuid.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <utility>

#include "tests/backend/attention_data.h"

namespace wedlm {
namespace {

#include "wedlm/backend/cpu/isa/model_tiles.inc"

/// What Intel's manual (volume 2) writes as VEX.128.pp.0F38.W0 opcode, with its operands.
struct Instruction {
  int opcode = 0;
  int prefix = 0;  // pp: 0 none, 1 66, 2 F3, 3 F2
  int reg = 0;     // ModRM:reg
  int rm = 0;      // ModRM:r/m where that is a register
  int vvvv = 0;
  bool is_memory = false;
  char* address = nullptr;  // base and displacement
  std::int64_t index = 0;   // scaled
  int size = 0;             // bytes
};

/// Numbers of general registers, in the order of their encoding.
constexpr int kRegisters[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

Instruction decode(const gregset_t& registers) {
  const auto* at = reinterpret_cast<const unsigned char*>(registers[REG_RIP]);
  // Three bytes of VEX, whose R, X and B are inverted, the map 0F38, no W and no L.
  require(at[0] == 0xC4 && (at[1] & 0x1F) == 2 && (at[2] & 0x84) == 0);
  const int r = (at[1] & 0x80) == 0 ? 8 : 0;
  const int x = (at[1] & 0x40) == 0 ? 8 : 0;
  const int b = (at[1] & 0x20) == 0 ? 8 : 0;
  const int mod = at[4] >> 6;
  Instruction result{.opcode = at[3],
                     .prefix = at[2] & 3,
                     .reg = (at[4] >> 3 & 7) + r,
                     .rm = (at[4] & 7) + b,
                     .vvvv = ~at[2] >> 3 & 15,
                     .is_memory = mod != 3,
                     .size = 5};
  if (!result.is_memory) return result;
  int base = at[4] & 7;
  if (base == 4) {  // SIB
    const int sib = at[result.size++];
    const int index = (sib >> 3 & 7) + x;
    if (index != 4) result.index = registers[kRegisters[index]] << (sib >> 6);
    base = sib & 7;
  }
  require(base != 5 || mod != 0);  // relative to the instruction, or absolute
  std::int32_t displacement = 0;
  if (mod == 1) displacement = static_cast<signed char>(at[result.size++]);
  if (mod == 2) std::memcpy(&displacement, at + result.size, 4), result.size += 4;
  result.address = reinterpret_cast<char*>(registers[kRegisters[base + b]] + displacement);
  return result;
}

template <class Function, std::size_t... kTiles>
void for_tile(int tile, const Function& function, std::index_sequence<kTiles...>) {
  ((static_cast<int>(kTiles) == tile ? function.template operator()<kTiles>() : void()), ...);
}

/// function<tile>().
template <class Function>
void for_tile(int tile, const Function& function) {
  require(tile < kModelTiles);
  for_tile(tile, function, std::make_index_sequence<kModelTiles>{});
}

void configure_from(const char* address) {
  unsigned char config[64];
  std::memcpy(config, address, sizeof config);
  require(config[0] == 1);
  int rows[kModelTiles], row_bytes[kModelTiles];
  for (int t = 0; t < kModelTiles; ++t) {
    row_bytes[t] = config[16 + 2 * t] | config[17 + 2 * t] << 8;
    rows[t] = config[48 + t];
    config[16 + 2 * t] = config[17 + 2 * t] = config[48 + t] = 0;
  }
  require(std::count(std::begin(config) + 1, std::end(config), 0) == 63);  // what else must be zero
  configure_tiles(rows, row_bytes);
}

void multiply(const Instruction& op) {
  for_tile(op.reg, [&]<int kSums>() {
    for_tile(op.rm, [&]<int kX>() {
      for_tile(op.vvvv, [&]<int kWeights>() {
        if (op.opcode == 0x5C && op.prefix == 2) return multiply_bf16_tiles<kSums, kX, kWeights>();
        if (op.opcode == 0x5E && op.prefix == 3) return multiply_signed_tiles<kSums, kX, kWeights>();
        require(op.opcode == 0x5E && op.prefix == 1);
        multiply_unsigned_tiles<kSums, kX, kWeights>();
      });
    });
  });
}

void run(const Instruction& op) {
  if (op.opcode == 0x49 && op.prefix == 0) {
    require(op.reg == 0 && op.index == 0);
    return op.is_memory ? configure_from(op.address) : release_tiles();
  }
  if (op.opcode == 0x49 && op.prefix == 3 && !op.is_memory) {
    return for_tile(op.reg, []<int kTile>() { zero_tile<kTile>(); });
  }
  if (op.opcode == 0x4B && op.prefix == 3) {
    return for_tile(op.reg, [&]<int kTile>() { load_tile<kTile>(op.address, op.index); });
  }
  if (op.opcode == 0x4B && op.prefix == 2) {
    return for_tile(op.reg, [&]<int kTile>() { store_tile<kTile>(op.address, op.index); });
  }
  multiply(op);
}

void on_illegal_instruction(int, siginfo_t*, void* context) {
  gregset_t& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const Instruction instruction = decode(registers);
  run(instruction);
  registers[REG_RIP] += instruction.size;
}

class TrappedTilesTest : public testing::Test {
 protected:
  void SetUp() override {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx);
    if ((edx & 1U << 24) != 0) GTEST_SKIP() << "the machine has AMX";
    const std::vector<std::string> levels = supported_kernels();
    if (std::ranges::find(levels, "avx512_bf16") == levels.end()) GTEST_SKIP() << "the machine lacks AVX-512 with BF16";
    struct sigaction action = {};
    action.sa_sigaction = on_illegal_instruction;
    action.sa_flags = SA_SIGINFO;
    ASSERT_EQ(sigaction(SIGILL, &action, &before_), 0);
    is_set_ = true;
  }
  void TearDown() override {
    if (is_set_) sigaction(SIGILL, &before_, nullptr);
  }

 private:
  struct sigaction before_ = {};
  bool is_set_ = false;
};

TEST_F(TrappedTilesTest, ProductsHaveTheBitsOfTheModel) {
  OpData data;
  for (const WeightFormat& format : kConvertedFormats) {
    for (const std::int64_t in_features : {3, 128, 331, 1100}) {
      // Rows of 16 bits and of 8, in turn.
      const CpuOptions options{.num_threads = 2, .activation_bits = in_features % 2 == 0 ? 16 : 8};
      const auto trapped = make_cpu_backend(amx_kernels(), options),
                 model = make_cpu_backend(amx_model_kernels(), options);
      const std::int64_t out_features = in_features % 2 == 0 ? 43 : 83;
      const OwnedTensor weight = data.f32({out_features, in_features}), bias = data.f32({out_features});
      const ConstTensor part = weight;
      for (const std::int64_t rows : {1, 2, 17, 37, 130}) {
        const OwnedTensor x = data.f32({rows, in_features});
        std::vector<float> results[2];
        for (Backend* backend : {trapped.get(), model.get()}) {
          const OwnedTensor out(DType::kF32, {rows, out_features}, 2);
          backend->linear(x, *backend->pack({&part, 1}, format), bias, out);
          results[backend == model.get()] = out.values();
        }
        ASSERT_TRUE(same_bits(results[0], results[1]))
            << format_text(format) << ", " << rows << " x " << in_features << " -> " << out_features;
      }
    }
  }
}

TEST_F(TrappedTilesTest, AttentionHasTheBitsOfTheModel) {
  OpData data;
  const auto trapped = make_cpu_backend(amx_kernels(), {.num_threads = 2});
  const auto model = BackendCase{amx_model_kernels().name, 2}.make();
  for (const HeadShape& heads : {HeadShape{6, 2, 128}, HeadShape{7, 1, 80}, HeadShape{2, 2, 6}}) {
    const AttentionSequence sequence(data, heads, 300);
    for (const Part& part : {Part{0, 1}, Part{0, 40}, Part{17, 16}, Part{250, 20}, Part{299, 1}}) {
      EXPECT_TRUE(same_bits(attend(*trapped, data, heads, {&sequence}, {part}, 16, DType::kBF16),
                            attend(*model, data, heads, {&sequence}, {part}, 16, DType::kBF16)))
          << heads.head_dim << ": " << part.prefix_length << "+" << part.num_rows;
    }
  }
}

TEST_F(TrappedTilesTest, RegistersAreMultipliedOnce) {
  const KernelTable& kernels = amx_kernels();
  const auto num_products = static_cast<float>(kernels.multiplier.multiply_adds_per_round);
  EXPECT_EQ(kernels.multiplier.run(0), 0);
  EXPECT_EQ(kernels.multiplier.run(3), 3 * num_products);
  EXPECT_EQ(kernels.by_bytes.multiplier.run(3), 2 * 3 * num_products);  // bytes are half as wide
}

}  // namespace
}  // namespace wedlm
