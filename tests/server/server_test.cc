#include "wedlm/server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "tests/engine/engine_fixtures.h"

namespace wedlm::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// One request on a connection of its own, which the server closes after the answer.
class Client {
 public:
  Client(const Server& server, const std::string& method, const std::string& path, const std::string& body = {})
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const std::string& address = server.address();
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    const std::string text = method + " " + path +
                             " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                             "Content-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n" + body;
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// What comes next, empty at the end.
  std::string some() {
    char buffer[4096];
    const ssize_t length = ::recv(socket_, buffer, sizeof buffer, 0);
    return {buffer, static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
  }

  std::string all() {
    std::string text;
    for (std::string piece = some(); !piece.empty(); piece = some()) text += piece;
    return text;
  }

 private:
  int socket_;
};

std::string chat(int max_tokens, const std::string& more = {}) {
  return R"({"messages": [{"role": "user", "content": "Count from 1 to 20."}], "temperature": 0, "ignore_eos": true, )"
         R"("max_tokens": )" +
         std::to_string(max_tokens) + more + "}";
}

/// The answer's text in a body that is not streamed.
std::string content_of(const std::string& response) {
  const Json json = parse_json(response.substr(response.find("\r\n\r\n") + 4), "the answer");
  return json.find("choices")->as_array().front().find("message")->find("content")->as_string();
}

class ServerTest : public testing::Test {
 protected:
  Engine engine_{nano(), {}};
  int num_lines_ = 0;  // of the log, which takes one at a time
  Server server_{{.http = {.port = 0}}, [this](const std::string&) { ++num_lines_; }};
};

TEST_F(ServerTest, AnswersOnceThereIsAModel) {
  EXPECT_THAT(Client(server_, "GET", "/health").all(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Client(server_, "GET", "/ready").all(), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Client(server_, "POST", "/v1/chat/completions", chat(4)).all(), HasSubstr("the model is being loaded"));
  server_.serve(nano(), engine_, "nano");
  EXPECT_THAT(Client(server_, "GET", "/ready").all(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(content_of(Client(server_, "POST", "/v1/chat/completions", chat(4)).all()), StartsWith("1"));
}

TEST_F(ServerTest, ClientsAtOnceOfWhomSomeLeave) {
  constexpr int kNumClients = 8;
  constexpr int kNumRequests = 8;
  server_.serve(nano(), engine_, "nano");
  const std::string expected = content_of(Client(server_, "POST", "/v1/chat/completions", chat(16)).all());
  std::vector<std::thread> clients;
  for (int i = 0; i < kNumClients; ++i) {
    clients.emplace_back([&, i] {
      for (int j = 0; j < kNumRequests; ++j) {
        switch ((i + j) % 4) {
          case 0:
            EXPECT_EQ(content_of(Client(server_, "POST", "/v1/chat/completions", chat(16)).all()), expected);
            break;
          case 1:
            EXPECT_THAT(Client(server_, "POST", "/v1/messages", chat(16, R"(, "stream": true)")).all(),
                        HasSubstr("event: message_stop"));
            break;
          case 2:
            EXPECT_THAT(
                Client(server_, "POST", "/v1/completions", R"({"prompt": "1, 2,", "n": 3, "stream": true})").some(),
                StartsWith("HTTP/1.1 200 "));
            break;
          default:
            EXPECT_THAT(Client(server_, "GET", "/metrics").all(), HasSubstr("vllm:generation_tokens_total"));
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  ASSERT_TRUE(server_.wait_until_idle(std::chrono::seconds(60)));
  EXPECT_EQ(num_lines_, kNumClients * kNumRequests + 1);
}

TEST_F(ServerTest, DrainsWithItsStreamsWhole) {
  server_.serve(nano(), engine_, "nano");
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(server_, "POST", "/v1/chat/completions",
                                               chat(100, R"(, "stream": true, "mode": "autoregressive")")));
    EXPECT_THAT(clients.back()->some(), StartsWith("HTTP/1.1 200 "));
  }
  server_.drain();
  EXPECT_THAT(Client(server_, "POST", "/v1/chat/completions", chat(4)).all(), StartsWith("HTTP/1.1 503 "));
  std::thread reader([&] {
    for (const auto& client : clients) EXPECT_THAT(client->all(), EndsWith("data: [DONE]\n\n\r\n0\r\n\r\n"));
  });
  EXPECT_TRUE(server_.wait_until_idle(std::chrono::seconds(60)));
  reader.join();
}

TEST_F(ServerTest, EndsInTheMiddleOfStreams) {
  Engine engine(nano(), {});
  auto server = std::make_unique<Server>(ServerOptions{.http = {.port = 0}}, [](const std::string&) {});
  server->serve(nano(), engine, "nano");
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<Client>(*server, "POST", "/v1/chat/completions",
                                               chat(1500, R"(, "stream": true, "mode": "autoregressive")")));
    EXPECT_THAT(clients.back()->some(), StartsWith("HTTP/1.1 200 "));
  }
  server.reset();
  for (const auto& client : clients) EXPECT_THAT(client->all(), Not(HasSubstr("[DONE]")));
}

}  // namespace
}  // namespace wedlm::server
