// An HTTP/1 response out of the bytes of a connection, at any chunking: its status, and its body piece by piece as it
// comes, whether its length is said, chunked, or ends with the connection (RFC 9112).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace wedlm::load {

struct ResponseHead {
  int status = 0;  // 0: none has come
  std::string content_type{};
};

class ResponseReader {
 public:
  using OnBody = std::function<void(const ResponseHead& head, std::string_view piece)>;

  explicit ResponseReader(OnBody on_body);
  ~ResponseReader();

  /// Takes the next bytes. Throws InvalidInput for what is not HTTP/1.
  void feed(std::string_view bytes);
  /// The connection ended. Throws InvalidInput where something is missing.
  void end_of_input();

  const ResponseHead& head() const;
  bool is_complete() const;
  /// Complete, and another request may follow on the same connection.
  bool may_continue() const;

 private:
  class Parser;

  OnBody on_body_;
  std::unique_ptr<Parser> parser_;
  std::string unread_;
};

}  // namespace wedlm::load
