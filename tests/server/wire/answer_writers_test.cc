// Every API's writer: what a stream says, put together, is what the whole answer says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "tests/support/data.h"
#include "wedlm/server/wire/anthropic_messages.h"
#include "wedlm/server/wire/openai_chat.h"
#include "wedlm/server/wire/openai_completions.h"
#include "wedlm/server/wire/openai_responses.h"

namespace wedlm::server {
namespace {

struct Event {
  std::string name;
  Json data;  // null for [DONE]
};

std::vector<Event> events_of(std::string_view stream) {
  std::vector<Event> events;
  while (!stream.empty()) {
    const std::size_t end = stream.find("\n\n");
    EXPECT_NE(end, std::string_view::npos);
    std::string_view event = stream.substr(0, end);
    stream.remove_prefix(end + 2);
    Event one;
    if (event.starts_with("event: ")) {
      one.name = event.substr(7, event.find('\n') - 7);
      event.remove_prefix(event.find('\n') + 1);
    }
    EXPECT_TRUE(event.starts_with("data: ")) << event;
    EXPECT_EQ(event.find('\n'), std::string_view::npos) << event;
    if (event != "data: [DONE]") one.data = parse_json(event.substr(6), "event");
    events.push_back(std::move(one));
  }
  return events;
}

const Tokenizer& tokenizer() {
  static const Tokenizer loaded = Tokenizer::load(nano_model());
  return loaded;
}

FinishedAnswer answer_of(std::size_t index, const std::string& reasoning, const std::string& text, bool has_scores) {
  FinishedAnswer answer{.answer = index, .text = text, .reasoning = reasoning};
  Result& result = answer.result;
  result.text = reasoning.empty() ? text : "<think>" + reasoning + "</think>" + text;
  result.token_ids = tokenizer().encode(text);
  result.stats = {.prompt_tokens = 3, .cached_prompt_tokens = 2, .generated_tokens = std::ssize(result.token_ids)};
  result.seed = 77;
  if (has_scores) {
    for (const TokenId token : result.token_ids) {
      result.scores.push_back({.log_prob = -0.5F, .alternatives = {{token, -0.5F}, {1, -2.0F}}});
    }
  }
  return answer;
}

/// The events of one answer, cut between any two characters, each with the tokens that it may have.
std::vector<AnswerDelta> deltas_of(const FinishedAnswer& answer, std::mt19937& random) {
  std::vector<AnswerDelta> deltas;
  const auto cut = [&](const std::string& text, auto&& add) {
    for (std::size_t begin = 0; begin < text.size();) {
      std::size_t length = 1 + random() % 9;
      while (begin + length < text.size() && (static_cast<unsigned char>(text[begin + length]) & 0xC0U) == 0x80U)
        ++length;
      AnswerDelta& delta = deltas.emplace_back(AnswerDelta{.answer = answer.answer});
      add(delta, text.substr(begin, length));
      begin += length;
    }
  };
  cut(answer.reasoning, [](AnswerDelta& delta, std::string part) { delta.reasoning = std::move(part); });
  cut(answer.text, [](AnswerDelta& delta, std::string part) { delta.text = std::move(part); });
  if (deltas.empty()) deltas.push_back({.answer = answer.answer});
  for (std::size_t i = 0; i < answer.result.token_ids.size(); ++i) {
    StreamEvent& event = deltas[i * deltas.size() / answer.result.token_ids.size()].event;
    event.token_ids.push_back(answer.result.token_ids[i]);
    if (!answer.result.scores.empty()) event.scores.push_back(answer.result.scores[i]);
  }
  return deltas;
}

std::string stream_of(AnswerWriter& writer, const std::vector<FinishedAnswer>& answers, std::mt19937& random) {
  std::string stream = writer.begin();
  for (const FinishedAnswer& answer : answers) {
    for (const AnswerDelta& delta : deltas_of(answer, random)) stream += writer.delta(delta);
    stream += writer.finished(answer);
  }
  return stream + writer.end(answers);
}

using Make = std::unique_ptr<AnswerWriter> (*)(AnswerContext context);

AnswerContext context_of(int num_answers) {
  ChatRequest request{.prompt = {.form = PromptForm::kRaw, .text = "Say"}, .num_answers = num_answers};
  return {.id = "1f",
          .model = "nano",
          .created = 1000,
          .call = {.requests = {request}, .shows_usage = true, .shows_token_ids = true},
          .prompts = {{5, 6, 7}},
          .tokenizer = &tokenizer()};
}

const std::vector<std::pair<std::string, std::string>> kAnswers = {{"", "One, two, three."},
                                                                   {"Let me see.\nYes", "Four."},
                                                                   {"", ""},
                                                                   {"Only thinking", ""},
                                                                   {"", "Ünïcödé 日本 \"q\"\n"}};

TEST(OpenAiWritersTest, ChatStreamsAreTheWholeAnswer) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    std::vector<FinishedAnswer> answers;
    for (std::size_t i = 0; i < kAnswers.size(); ++i) {
      answers.push_back(answer_of(i, kAnswers[i].first, kAnswers[i].second, round % 2 == 0));
    }
    const auto writer = make_chat_writer(context_of(static_cast<int>(answers.size())));
    const Json whole = make_chat_writer(context_of(static_cast<int>(answers.size())))->whole(answers);
    std::vector<std::string> texts(answers.size()), reasonings(answers.size()), reasons(answers.size());
    std::vector<Json::Array> ids(answers.size()), scores(answers.size());
    std::optional<Json> usage;
    const std::vector<Event> events = events_of(stream_of(*writer, answers, random));
    for (const Event& event : events) {
      if (event.data.is_null()) continue;
      EXPECT_EQ(event.data.at("object"), Json("chat.completion.chunk"));
      EXPECT_EQ(event.data.at("id"), whole.at("id"));
      if (event.data.at("choices").as_array().empty()) usage = event.data.at("usage");
      for (const Json& choice : event.data.at("choices").as_array()) {
        const auto index = static_cast<std::size_t>(choice.at("index").as_integer());
        const Json& delta = choice.at("delta");
        if (const Json* text = delta.find("content")) texts[index] += text->as_string();
        if (const Json* text = delta.find("reasoning_content")) reasonings[index] += text->as_string();
        if (choice.at("finish_reason").is_string()) reasons[index] = choice.at("finish_reason").as_string();
        if (const Json* some = choice.find("token_ids"))
          ids[index].insert(ids[index].end(), some->as_array().begin(), some->as_array().end());
        if (const Json& some = choice.at("logprobs"); !some.is_null()) {
          const Json::Array& content = some.at("content").as_array();
          scores[index].insert(scores[index].end(), content.begin(), content.end());
        }
      }
    }
    EXPECT_TRUE(events.back().data.is_null());
    EXPECT_EQ(usage, whole.at("usage"));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const Json& choice = whole.at("choices").as_array().at(i);
      EXPECT_EQ(Json(texts[i]), choice.at("message").at("content"));
      const Json* reasoning = choice.at("message").find("reasoning");
      EXPECT_EQ(reasonings[i], reasoning == nullptr ? "" : reasoning->as_string());
      EXPECT_EQ(Json(reasons[i]), choice.at("finish_reason"));
      EXPECT_EQ(Json(ids[i]), choice.at("token_ids"));
      if (!choice.at("logprobs").is_null()) {
        EXPECT_EQ(Json(scores[i]), choice.at("logprobs").at("content"));
      }
    }
  }
}

TEST(OpenAiWritersTest, TextCompletionsCountCharactersOverEvents) {
  std::mt19937 random(2);
  const std::vector<FinishedAnswer> answers = {answer_of(0, "", "Ünïcödé 日本 four", true)};
  AnswerContext context = context_of(1);
  context.call.shows_prompt = true;
  const Json whole = make_completions_writer(context)->whole(answers);
  const auto writer = make_completions_writer(context);
  std::string text;
  Json::Array offsets;
  for (const Event& event : events_of(stream_of(*writer, answers, random))) {
    if (event.data.is_null()) continue;
    for (const Json& choice : event.data.at("choices").as_array()) {
      text += choice.at("text").as_string();
      if (choice.at("logprobs").is_null()) continue;
      const Json::Array& some = choice.at("logprobs").at("text_offset").as_array();
      offsets.insert(offsets.end(), some.begin(), some.end());
    }
  }
  const Json& choice = whole.at("choices").as_array().at(0);
  EXPECT_EQ(text, "Say" + answers[0].text);
  EXPECT_EQ(Json(text), choice.at("text"));
  EXPECT_EQ(Json(offsets), choice.at("logprobs").at("text_offset"));
}

/// The reader refuses a key that stands twice, as some clients' do.
TEST(OpenAiWritersTest, WholeAnswersCanBeReadAgain) {
  const FinishedAnswer answer = answer_of(0, "so", "1 2 3", true);
  for (const auto& make : {make_chat_writer, make_completions_writer, make_responses_writer, make_messages_writer}) {
    const std::string text = write_json(make(context_of(1))->whole({&answer, 1}));
    EXPECT_EQ(write_json(parse_json(text, "an answer")), text);
  }
}

TEST(OpenAiWritersTest, TheWindowIsShownWhereItIsAskedFor) {
  AnswerContext context = context_of(1);
  context.call.shows_window = true;
  const auto writer = make_chat_writer(context);
  const TokenId five = *tokenizer().find("5");
  AnswerDelta delta;
  delta.event.window = {{.token = five, .filled = true}, {}};
  delta.event.rejected = {five};
  const Json choice = events_of(writer->delta(delta)).at(0).data.at("choices").as_array().at(0);
  EXPECT_EQ(write_json(choice.at("window")), R"([{"text":"5","filled":true},{"text":null,"filled":false}])");
  EXPECT_EQ(write_json(choice.at("rejected")), R"(["5"])");
  EXPECT_EQ(make_chat_writer(context_of(1))->delta({}), "") << "nothing to say";
}

TEST(OpenAiWritersTest, AStreamThatBreaksOffSaysWhy) {
  const auto writer = make_chat_writer(context_of(1));
  const auto events = events_of(writer->failed({.status = 500, .message = "no", .type = "server_error"}));
  EXPECT_EQ(events.at(0).data.at("error").at("message"), Json("no"));
  EXPECT_TRUE(events.at(1).data.is_null());
}

TEST(OpenAiWritersTest, WhatEndedAnAnswerIsSaid) {
  FinishedAnswer answer = answer_of(0, "", "ab", false);
  AnswerContext context = context_of(1);
  const auto reason = [&] {
    return make_chat_writer(context)->whole({&answer, 1}).at("choices").as_array().at(0).at("stop_reason");
  };
  EXPECT_EQ(reason(), Json());
  answer.result.stop_text = "END";
  EXPECT_EQ(reason(), Json("END"));
  answer.result.stop_text.reset();
  context.call.requests.front().settings.give(*find_json_option("stop_token_ids"),
                                              Json::Array{answer.result.token_ids.back()});
  EXPECT_EQ(reason(), Json(answer.result.token_ids.back()));
}

TEST(ResponsesWriterTest, StreamsAreTheWholeAnswer) {
  std::mt19937 random(3);
  for (const auto& [reasoning, text] : kAnswers) {
    const std::vector<FinishedAnswer> answers = {answer_of(0, reasoning, text, false)};
    const auto writer = make_responses_writer(context_of(1));
    std::string grown, thought;
    std::int64_t number = 0;
    Json last;
    for (const Event& event : events_of(stream_of(*writer, answers, random))) {
      EXPECT_EQ(Json(event.name), event.data.at("type"));
      EXPECT_EQ(event.data.at("sequence_number"), Json(number++));
      if (event.name == "response.output_text.delta") grown += event.data.at("delta").as_string();
      if (event.name == "response.reasoning_text.delta") thought += event.data.at("delta").as_string();
      if (event.name == "response.output_text.done") {
        EXPECT_EQ(event.data.at("text"), Json(text));
      }
      last = event.data;
    }
    EXPECT_EQ(grown, text);
    EXPECT_EQ(thought, reasoning);
    EXPECT_EQ(last.at("type"), Json("response.completed"));
    EXPECT_EQ(last.at("response"), make_responses_writer(context_of(1))->whole(answers));
  }
}

TEST(ResponsesWriterTest, LogProbabilitiesAreThoseOfTheMessage) {
  std::mt19937 random(5);
  FinishedAnswer answer = answer_of(0, "so", "1 2 3 4 5 6", true);
  answer.num_thinking_tokens = 2;
  const std::vector<FinishedAnswer> answers = {answer};
  const auto logprobs_of = [](const Json& response) {
    return response.at("output").as_array().at(1).at("content").as_array().at(0).at("logprobs");
  };
  const Json whole = logprobs_of(make_responses_writer(context_of(1))->whole(answers));
  EXPECT_EQ(whole.as_array().size(), answer.result.token_ids.size() - 2);
  const auto writer = make_responses_writer(context_of(1));
  std::string stream = writer->begin();
  for (AnswerDelta delta : deltas_of(answer, random)) {
    delta.num_thinking_tokens = 2;
    stream += writer->delta(delta);
  }
  stream += writer->finished(answer) + writer->end(answers);
  Json::Array grown;
  for (const Event& event : events_of(stream)) {
    if (event.name == "response.output_text.delta") {
      const Json::Array& some = event.data.at("logprobs").as_array();
      grown.insert(grown.end(), some.begin(), some.end());
    }
    if (event.name == "response.output_text.done") {
      EXPECT_EQ(event.data.at("logprobs"), whole);
    }
    if (event.name == "response.completed") {
      EXPECT_EQ(logprobs_of(event.data.at("response")), whole);
    }
  }
  EXPECT_EQ(Json(grown), whole);
}

TEST(ResponsesWriterTest, WhatTheCallSaidIsRepeated) {
  AnswerContext context = context_of(1);
  context.call.repeated.set("instructions", "Count.");
  const FinishedAnswer answer = answer_of(0, "", "1", false);
  const Json whole = make_responses_writer(context)->whole({&answer, 1});
  EXPECT_EQ(whole.at("instructions"), Json("Count."));
  EXPECT_EQ(whole.at("user"), Json());
}

TEST(ResponsesWriterTest, AnAnswerThatWasCutIsIncomplete) {
  FinishedAnswer answer = answer_of(0, "", "a", false);
  answer.result.finish_reason = FinishReason::kLength;
  const Json whole = make_responses_writer(context_of(1))->whole({&answer, 1});
  EXPECT_EQ(whole.at("status"), Json("incomplete"));
  EXPECT_EQ(whole.at("incomplete_details").at("reason"), Json("max_output_tokens"));
  EXPECT_EQ(whole.at("output").as_array().at(0).at("status"), Json("incomplete"));
  EXPECT_EQ(whole.at("completed_at"), Json());
  EXPECT_THAT(make_responses_writer(context_of(1))->finished(answer),
              testing::HasSubstr(R"("item":{"id":"msg_1f","type":"message","role":"assistant","status":"incomplete")"));
}

TEST(MessagesWriterTest, StreamsAreTheWholeAnswer) {
  std::mt19937 random(4);
  for (const auto& [reasoning, text] : kAnswers) {
    const std::vector<FinishedAnswer> answers = {answer_of(0, reasoning, text, false)};
    const auto writer = make_messages_writer(context_of(1));
    Json::Array blocks;
    std::vector<std::string> names;
    Json message_delta;
    for (const Event& event : events_of(stream_of(*writer, answers, random))) {
      EXPECT_EQ(Json(event.name), event.data.at("type"));
      names.push_back(event.name);
      if (event.name == "content_block_start") {
        EXPECT_EQ(event.data.at("index"), Json(static_cast<std::int64_t>(blocks.size())));
        blocks.push_back(event.data.at("content_block"));
      }
      if (event.name == "content_block_delta") {
        const Json& delta = event.data.at("delta");
        const std::string member = delta.at("type") == Json("text_delta") ? "text" : "thinking";
        Json::Object grown = blocks.back().as_object();
        for (JsonMember& one : grown) {
          if (one.key == member) one.value = one.value.as_string() + delta.at(member).as_string();
        }
        blocks.back() = grown;
      }
      if (event.name == "message_delta") message_delta = event.data;
    }
    const Json whole = make_messages_writer(context_of(1))->whole(answers);
    EXPECT_EQ(Json(blocks), whole.at("content"));
    EXPECT_EQ(names.front(), "message_start");
    EXPECT_EQ(names.back(), "message_stop");
    EXPECT_EQ(message_delta.at("delta").at("stop_reason"), whole.at("stop_reason"));
    EXPECT_EQ(message_delta.at("usage"), whole.at("usage"));
  }
}

TEST(MessagesWriterTest, ReasonsAreAnthropics) {
  FinishedAnswer answer = answer_of(0, "", "a", false);
  const auto whole = [&] { return make_messages_writer(context_of(1))->whole({&answer, 1}); };
  EXPECT_EQ(whole().at("stop_reason"), Json("end_turn"));
  answer.result.stop_text = "END";
  EXPECT_EQ(whole().at("stop_reason"), Json("stop_sequence"));
  EXPECT_EQ(whole().at("stop_sequence"), Json("END"));
  answer.result.finish_reason = FinishReason::kLength;
  answer.result.stop_text.reset();
  EXPECT_EQ(whole().at("stop_reason"), Json("max_tokens"));
}

}  // namespace
}  // namespace wedlm::server
