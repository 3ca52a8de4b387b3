// The factory, the choice of the instruction set, and what ops refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/backend/page_data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

template <class Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// Sets WEDLM_ISA for one scope.
class ForcedIsa {
 public:
  explicit ForcedIsa(const char* value) { setenv("WEDLM_ISA", value, 1); }
  ~ForcedIsa() { unsetenv("WEDLM_ISA"); }
};

TEST(MakeBackendTest, KnowsItsNames) {
  for (const std::string& name : backend_names()) {
    EXPECT_THAT(make_backend({.name = name, .cpu = {.num_threads = 1}})->description(), StartsWith(name + " ("));
  }
  EXPECT_THROW(make_backend({.name = "abacus"}), InvalidInput);
  EXPECT_THAT(message_of([] { make_backend({.name = "abacus"}); }), HasSubstr("expected one of cpu, reference"));
}

TEST(MakeBackendTest, TheEnvironmentForcesTheInstructionSet) {
  for (const std::string& isa : supported_kernels()) {
    const ForcedIsa forced(isa.c_str());
    EXPECT_EQ(make_backend({.cpu = {.num_threads = 2}})->description(), "cpu (" + isa + ", 2 threads)");
  }
  EXPECT_EQ(make_backend({.cpu = {.num_threads = 1}})->description(),
            "cpu (" + supported_kernels().back() + ", 1 thread)");
  EXPECT_THROW(make_cpu_backend({.isa = amx_model_kernels().name}), InvalidInput);  // for tests alone
  const ForcedIsa forced("mmx");
  EXPECT_THROW(make_backend({}), InvalidInput);
  EXPECT_THAT(message_of([] { make_backend({}); }), HasSubstr("portable"));
}

class BackendArgumentsTest : public testing::TestWithParam<std::string> {};

TEST_P(BackendArgumentsTest, RefusesShapesThatDoNotFit) {
  const auto backend = make_backend({.name = GetParam(), .cpu = {.num_threads = 1}});
  OpData data;
  const OwnedTensor x = data.f32({3, 8}), w = data.f32({5, 8}), out = data.f32({3, 5}), v = data.f32({8});
  const ConstTensor part = w;
  const auto weight = backend->pack({&part, 1});
  EXPECT_NO_THROW(backend->linear(x, *weight, {}, out));
  EXPECT_THROW(backend->linear(out, *weight, {}, out), InternalError);
  EXPECT_THROW(backend->linear(x, *weight, v, out), InternalError);
  EXPECT_THROW(backend->rms_norm(out, v, 1e-6F, out), InternalError);
  EXPECT_THROW(backend->add(x, out), InternalError);
  const std::vector<TokenId> outside = {0, 5, 1};
  EXPECT_THROW(backend->embed(*backend->begin({.token_ids = outside}), w, x), InternalError);
  const std::vector<std::int32_t> last = {3};
  EXPECT_THROW(backend->gather_prediction_rows(*backend->begin({.prediction_rows = last}), x, data.f32({1, 8})),
               InternalError);
  const ConstTensor parts[] = {w.tensor(), out.tensor()};
  EXPECT_THROW(backend->pack(parts), InternalError);
  EXPECT_THROW(backend->upload(x, out), InternalError);
}

TEST_P(BackendArgumentsTest, RefusesAttentionOutsideThePages) {
  const auto backend = make_backend({.name = GetParam(), .cpu = {.num_threads = 1}});
  OpData data;
  const OwnedTensor q = data.f32({2, 2, 4}), k = data.f32({2, 1, 4}), v = data.f32({2, 1, 4}),
                    out = data.f32({2, 2, 4});
  const StoredPages pages = random_pages(data, DType::kF32, {.num_pages = 2, .page_size = 4}, 4);
  std::int32_t page = 1;
  AttentionSegment segment{.first_row = 0, .num_rows = 2, .prefix_length = 3, .page_table = {&page, 1}};
  AttentionArgs args{.queries = q.tensor(),
                     .keys = k.tensor(),
                     .values = v.tensor(),
                     .pages = pages.pages(),
                     .scale = 0.5F,
                     .out = out};
  const auto attend = [&] { backend->attention(*backend->begin({.segments = {&segment, 1}}), args); };
  EXPECT_NO_THROW(attend());
  page = 2;
  EXPECT_THROW(attend(), InternalError);
  page = 1;
  segment.prefix_length = 5;
  EXPECT_THROW(attend(), InternalError) << "one page has four slots";
  segment.prefix_length = 3;
  segment.num_rows = 1;
  EXPECT_THROW(attend(), InternalError);
  segment.num_rows = 2;
  args.pages.head_dim = 3;
  EXPECT_THROW(attend(), InternalError);
}

INSTANTIATE_TEST_SUITE_P(All, BackendArgumentsTest, testing::ValuesIn(backend_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace wedlm
