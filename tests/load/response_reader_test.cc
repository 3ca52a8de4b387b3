#include "wedlm/load/response_reader.h"

#include <gtest/gtest.h>

#include <optional>

#include "wedlm/base/error.h"

namespace wedlm::load {
namespace {

struct Read {
  int status = 0;
  std::string type;
  std::string body;
  bool is_complete = false;
  bool may_continue = false;
  bool operator==(const Read&) const = default;
};

enum class Connection { kStaysOpen, kEnds };

/// Fed in two pieces that meet at `cut`.
Read read(const std::string& bytes, Connection connection = Connection::kStaysOpen, std::size_t cut = 0) {
  std::string body;
  ResponseReader reader([&](const ResponseHead&, std::string_view piece) { body += piece; });
  reader.feed(bytes.substr(0, cut));
  reader.feed(bytes.substr(cut));
  if (connection == Connection::kEnds) reader.end_of_input();
  return {reader.head().status, reader.head().content_type, body, reader.is_complete(), reader.may_continue()};
}

const std::string kWithLength = "HTTP/1.1 200 OK\r\ncontent-TYPE: application/json\r\nContent-Length: 5\r\n\r\nhello";
const std::string kChunked =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;x=y\r\nhello\r\n7\r\n world!\r\n0\r\nTrailer: x\r\n\r\n";
const std::string kToTheEnd = "HTTP/1.0 200 OK\r\n\r\nhello";

TEST(ResponseReaderTest, BodiesEndInThreeWays) {
  EXPECT_EQ(read(kWithLength), (Read{200, "application/json", "hello", true, true}));
  EXPECT_EQ(read(kChunked), (Read{200, "text/event-stream", "hello world!", true, true}));
  EXPECT_EQ(read(kToTheEnd), (Read{200, "", "hello", false, false}));
  EXPECT_EQ(read(kToTheEnd, Connection::kEnds), (Read{200, "", "hello", true, false}));
}

TEST(ResponseReaderTest, EveryPlaceToCutGivesTheSame) {
  for (const std::string& bytes : {kWithLength, kChunked}) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      ASSERT_EQ(read(bytes, Connection::kStaysOpen, cut), read(bytes)) << cut;
    }
  }
}

TEST(ResponseReaderTest, PiecesAreGivenAsSoonAsTheyCome) {
  std::string body;
  ResponseReader reader([&](const ResponseHead& head, std::string_view piece) {
    EXPECT_EQ(head.status, 200);
    body += piece;
  });
  reader.feed(kChunked.substr(0, kChunked.find("llo")));
  EXPECT_EQ(body, "he");
  EXPECT_FALSE(reader.is_complete());
}

TEST(ResponseReaderTest, OtherStatusesAndInterimResponses) {
  EXPECT_EQ(read("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno").status, 429);
  EXPECT_TRUE(read("HTTP/1.1 204 No Content\r\n\r\n").is_complete);
  EXPECT_EQ(read("HTTP/1.1 100 Continue\r\n\r\n" + kWithLength), read(kWithLength));
}

TEST(ResponseReaderTest, ItSaysWhetherTheConnectionServesAnother) {
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").may_continue);
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").may_continue);
  EXPECT_FALSE(read(kWithLength + "more").may_continue);
}

TEST(ResponseReaderTest, WhatIsCutOrNoHttpIsRefused) {
  EXPECT_THROW(read("SSH-2.0-OpenSSH_9.2\r\n"), InvalidInput);
  EXPECT_THROW(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), InvalidInput);
  EXPECT_THROW(read("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')), InvalidInput);
  EXPECT_THROW(read("", Connection::kEnds), InvalidInput);
  EXPECT_THROW(read("HTTP/1.1 200 OK\r\n", Connection::kEnds), InvalidInput);
  EXPECT_THROW(read(kWithLength.substr(0, kWithLength.size() - 1), Connection::kEnds), InvalidInput);
  EXPECT_THROW(read(kChunked.substr(0, kChunked.find("7\r\n")), Connection::kEnds), InvalidInput);
}

}  // namespace
}  // namespace wedlm::load
