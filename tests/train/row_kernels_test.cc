// The row kernels of each set of instructions against their formulas in double; gradients too are tested so, and by
// finite differences of a whole model in gradient_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/train/draws.h"
#include "wedlm/train/kernels/tables.h"

namespace wedlm::train {
namespace {

using Numbers = std::vector<double>;

/// All that this machine can run.
std::vector<RowTables> all_tables() {
  std::vector<RowTables> tables = {portable_row_kernels()};
#if defined(__x86_64__)
  const auto can = [](const char* name) { return std::ranges::count(supported_kernels(), name) > 0; };
  if (can("avx2")) tables.push_back(avx2_row_kernels());
  if (can("avx512")) tables.push_back(avx512_row_kernels());
#endif
  return tables;
}

Numbers some_numbers(std::size_t count, std::uint64_t place) {
  Draws draws(7, Draws::Purpose::kWeights, place);
  Numbers numbers(count);
  for (double& number : numbers) number = static_cast<double>(draws.below(8001)) / 1000 - 4;
  return numbers;
}

template <class T>
std::vector<T> as(const Numbers& numbers) {
  return {numbers.begin(), numbers.end()};
}

template <class T>
void expect_near(const std::vector<T>& got, const Numbers& wanted, const char* what) {
  const double tolerance = sizeof(T) == 4 ? 3e-6 : 1e-13;
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], wanted[i], tolerance * (1 + std::abs(wanted[i]))) << what << " " << i;
  }
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// Runs `check` with the kernels of every set, of floats and of doubles. Sizes there are no multiples of vectors.
template <class Check>
void with_each(const Check& check) {
  for (const RowTables& tables : all_tables()) {
    SCOPED_TRACE(tables.of_floats->name);
    check(*tables.of_floats);
    check(*tables.of_doubles);
  }
}

TEST(RowKernelsTest, NormIsItsFormula) {
  constexpr std::size_t kRows = 3, kColumns = 37;
  const Numbers x = some_numbers(kRows * kColumns, 0), w = some_numbers(kColumns, 1),
                g = some_numbers(kRows * kColumns, 2);
  Numbers out, of_x, of_w(kColumns, 0.5);  // to which is added
  for (std::size_t row = 0; row < kRows; ++row) {
    double squares = 0, along = 0;
    for (std::size_t i = 0; i < kColumns; ++i) squares += x[row * kColumns + i] * x[row * kColumns + i];
    const double scale = 1 / std::sqrt(squares / kColumns + 1e-3);
    for (std::size_t i = 0; i < kColumns; ++i) along += g[row * kColumns + i] * w[i] * x[row * kColumns + i];
    for (std::size_t i = 0; i < kColumns; ++i) {
      const double value = x[row * kColumns + i], gradient = g[row * kColumns + i];
      out.push_back(value * scale * w[i]);
      of_x.push_back(scale * gradient * w[i] - value * scale * scale * scale * along / kColumns);
      of_w[i] += gradient * value * scale;
    }
  }
  with_each([&]<class T>(const RowKernels<T>& kernels) {
    std::vector<T> got(x.size()), scales(kRows), got_of_x(x.size()), got_of_w(kColumns, T(0.5));
    const auto xs = as<T>(x), ws = as<T>(w), gs = as<T>(g);
    kernels.rms_norm(xs.data(), ws.data(), T(1e-3), kRows, kColumns, got.data(), scales.data());
    kernels.rms_norm_gradient(gs.data(), xs.data(), ws.data(), scales.data(), kRows, kColumns, got_of_x.data(),
                              got_of_w.data());
    expect_near(got, out, "out");
    expect_near(got_of_x, of_x, "of x");
    expect_near(got_of_w, of_w, "of weight");
  });
}

TEST(RowKernelsTest, GateIsItsFormulaAndEndsWhereFloatsDo) {
  Numbers a = some_numbers(45, 3), b = some_numbers(45, 4), g = some_numbers(45, 5);
  a[0] = -1000, a[1] = 1000, a[2] = -88.5, a[3] = 0;
  Numbers out, of_a, of_b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double open = sigmoid(a[i]);
    out.push_back(a[i] * open * b[i]);
    of_a.push_back(g[i] * b[i] * open * (1 + a[i] * (1 - open)));
    of_b.push_back(g[i] * a[i] * open);
  }
  with_each([&]<class T>(const RowKernels<T>& kernels) {
    std::vector<T> got(a.size()), got_of_a(a.size()), got_of_b(a.size());
    const auto as_ = as<T>(a), bs = as<T>(b), gs = as<T>(g);
    const auto count = static_cast<std::int64_t>(a.size());
    kernels.gate(as_.data(), bs.data(), count, got.data());
    kernels.gate_gradient(gs.data(), as_.data(), bs.data(), count, got_of_a.data(), got_of_b.data());
    expect_near(got, out, "out");
    expect_near(got_of_a, of_a, "of a");
    expect_near(got_of_b, of_b, "of b");
  });
}

TEST(RowKernelsTest, RotationTurnsPairsAndBack) {
  constexpr std::size_t kRows = 2, kHeads = 3, kHalf = 19;
  const Numbers x = some_numbers(kRows * kHeads * 2 * kHalf, 6);
  Numbers cos, sin, out(x.size());
  for (const double angle : some_numbers(kRows * kHalf, 7))
    cos.push_back(std::cos(angle)), sin.push_back(std::sin(angle));
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t head = 0; head < kHeads; ++head) {
      const std::size_t first = (row * kHeads + head) * 2 * kHalf;
      for (std::size_t i = 0; i < kHalf; ++i) {
        const double c = cos[row * kHalf + i], s = sin[row * kHalf + i];
        out[first + i] = x[first + i] * c - x[first + kHalf + i] * s;
        out[first + kHalf + i] = x[first + kHalf + i] * c + x[first + i] * s;
      }
    }
  }
  with_each([&]<class T>(const RowKernels<T>& kernels) {
    std::vector<T> got(x.size()), back(x.size());
    const auto xs = as<T>(x), cs = as<T>(cos), ss = as<T>(sin);
    kernels.rotate(xs.data(), cs.data(), ss.data(), T(1), kRows, kHeads, kHalf, got.data());
    kernels.rotate(got.data(), cs.data(), ss.data(), T(-1), kRows, kHeads, kHalf, back.data());
    expect_near(got, out, "turned");
    expect_near(back, x, "turned back");
  });
}

TEST(RowKernelsTest, SoftmaxIsOverWhatARowSees) {
  constexpr std::int64_t kKeys = 70;
  const Numbers scores = some_numbers(kKeys, 8), of_weights = some_numbers(kKeys, 9);
  const double scale = 0.7, inner = 0.3;
  for (const SeenKeys seen : {SeenKeys{.num_prefix = 21, .first_own = 40, .end_own = 62},
                              SeenKeys{.num_prefix = 0, .first_own = 0, .end_own = 1},
                              SeenKeys{.num_prefix = 40, .first_own = 40, .end_own = 70}}) {
    const auto sees = [&](std::int64_t key) {
      return key < seen.num_prefix || (key >= seen.first_own && key < seen.end_own);
    };
    double sum = 0;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      if (sees(key)) sum += std::exp(scale * scores[static_cast<std::size_t>(key)]);
    }
    Numbers weights(kKeys), of_scores(kKeys);
    for (std::size_t key = 0; key < kKeys; ++key) {
      if (!sees(static_cast<std::int64_t>(key))) continue;
      weights[key] = std::exp(scale * scores[key]) / sum;
      of_scores[key] = scale * weights[key] * (of_weights[key] - inner);
    }
    with_each([&]<class T>(const RowKernels<T>& kernels) {
      auto got = as<T>(scores), again = got, got_of_scores = as<T>(of_weights);
      T log_sum = 0;
      kernels.softmax(got.data(), T(scale), seen, kKeys, &log_sum);
      kernels.softmax_gradient(again.data(), got_of_scores.data(), T(scale), log_sum, T(inner), seen, kKeys);
      expect_near(std::vector<T>{log_sum}, {std::log(sum)}, "logarithm");
      expect_near(got, weights, "weights");
      expect_near(again, weights, "weights again");
      expect_near(got_of_scores, of_scores, "of scores");
    });
  }
}

}  // namespace
}  // namespace wedlm::train
