#include "wedlm/load/event_stream_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "wedlm/base/error.h"

namespace wedlm::load {
namespace {

using testing::ElementsAre;

/// "type|data" of each event, fed in pieces that end at these places.
std::vector<std::string> events_of(std::string_view text, const std::vector<std::size_t>& ends = {}) {
  std::vector<std::string> events;
  EventStreamReader reader;
  const auto visit = [&](const StreamEvent& event) { events.push_back(event.type + "|" + event.data); };
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    reader.feed(text.substr(begin, end - begin), visit);
    begin = end;
  }
  reader.feed(text.substr(begin), visit);
  return events;
}

TEST(EventStreamReaderTest, ReadsTheStandardsExamples) {
  EXPECT_THAT(events_of("data: YHOO\ndata: +2\ndata: 10\n\n"), ElementsAre("message|YHOO\n+2\n10"));
  EXPECT_THAT(events_of(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
              ElementsAre("message|first event", "message|second event", "message| third event"));
  EXPECT_THAT(events_of("data\n\ndata\ndata\n\ndata:"), ElementsAre("message|", "message|\n"));
  EXPECT_THAT(events_of("data:test\n\ndata: test\n\n"), ElementsAre("message|test", "message|test"));
}

TEST(EventStreamReaderTest, NamedEventsCommentsAndUnknownFields) {
  EXPECT_THAT(events_of("event: error\ndata: {}\n\ndata: x\n\n"), ElementsAre("error|{}", "message|x"));
  EXPECT_THAT(events_of("event: ping\n\n: quiet\n\nretry: 5\nfoo: bar\ndata: x\n\n"), ElementsAre("message|x"));
  EXPECT_THAT(events_of("data: a: b\n\n"), ElementsAre("message|a: b"));
}

TEST(EventStreamReaderTest, LinesEndInAnyOfTheThreeWays) {
  EXPECT_THAT(events_of("data: a\r\n\r\ndata: b\r\rdata: c\n\n"), ElementsAre("message|a", "message|b", "message|c"));
  EXPECT_THAT(events_of("\xEF\xBB\xBF"
                        "data: a\r\ndata: b\r\n\r\n"),
              ElementsAre("message|a\nb"));
}

TEST(EventStreamReaderTest, WhatIsNotEndedIsNoEvent) {
  EXPECT_THAT(events_of("data: a\n\ndata: b\n"), ElementsAre("message|a"));
  EXPECT_THAT(events_of("data: a\n\ndata: b"), ElementsAre("message|a"));
}

const std::string kStream =
    "\xEF\xBB\xBF: hello\r\n\r\ndata: {\"a\": \"\xC3\xA4\"}\r\n\r\nevent: error\rdata: 1\rdata: 2\r\r"
    "data: x\n\n:\n\ndata: [DONE]\n\n";

TEST(EventStreamReaderTest, EveryPlaceToCutGivesTheSame) {
  const std::vector<std::string> whole = events_of(kStream);
  ASSERT_THAT(whole, ElementsAre("message|{\"a\": \"\xC3\xA4\"}", "error|1\n2", "message|x", "message|[DONE]"));
  for (std::size_t first = 0; first <= kStream.size(); ++first) {
    for (std::size_t second = first; second <= kStream.size(); ++second) {
      ASSERT_EQ(events_of(kStream, {first, second}), whole) << first << " " << second;
    }
  }
  std::vector<std::size_t> every_byte;
  for (std::size_t i = 1; i < kStream.size(); ++i) every_byte.push_back(i);
  EXPECT_EQ(events_of(kStream, every_byte), whole);
}

TEST(EventStreamReaderTest, AnEventWithoutEndIsRefused) {
  const auto ignore = [](const StreamEvent&) {};
  EventStreamReader one_line(100);
  EXPECT_THROW(one_line.feed("data: " + std::string(100, 'x'), ignore), InvalidInput);
  EventStreamReader many_lines(100);
  const std::string line = "data: " + std::string(30, 'x') + "\n";
  EXPECT_NO_THROW(many_lines.feed(line + line, ignore));
  EXPECT_THROW(many_lines.feed(line + line, ignore), InvalidInput);
}

}  // namespace
}  // namespace wedlm::load
