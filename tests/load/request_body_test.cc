#include "wedlm/load/request_body.h"

#include <gtest/gtest.h>

namespace wedlm::load {
namespace {

const Json kPrompt = Json::object({{"prompt", "x"}});

TEST(RequestBodyTest, HasWhatIsGivenAndNothingElse) {
  EXPECT_EQ(write_json(request_body({.model = "m", .is_streamed = false}, kPrompt, 3)),
            R"({"model":"m","prompt":"x"})");
  const RequestSettings all{.model = "m", .max_tokens = 5, .temperature = 0.5, .seed = 10, .ignore_eos = true};
  EXPECT_EQ(write_json(request_body(all, kPrompt, 3)),
            R"({"model":"m","prompt":"x","max_tokens":5,"temperature":0.5,"seed":13,"ignore_eos":true,)"
            R"("stream":true,"stream_options":{"include_usage":true}})");
}

TEST(RequestBodyTest, ExtraMembersAreAddedAndWin) {
  const RequestSettings settings{.model = "m",
                                 .is_streamed = false,
                                 .max_tokens = 5,
                                 .extra = Json::object({{"mode", "exact"}, {"max_tokens", nullptr}, {"prompt", "y"}})};
  EXPECT_EQ(write_json(request_body(settings, kPrompt, 0)),
            R"({"model":"m","prompt":"y","max_tokens":null,"mode":"exact"})");
}

}  // namespace
}  // namespace wedlm::load
