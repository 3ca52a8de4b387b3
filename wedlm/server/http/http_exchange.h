// One request, and the way back to its client. All of it happens on the connection's own strand: the handler is called
// there, and so are the callbacks; whoever comes from another thread goes through post().
//
// The answer is either whole, or a stream: begin_stream(), then write() again and again, each time when on_written has
// said that the last piece is out, then end_stream(), which may come earlier. What is not written yet stays with its
// owner, so that a slow client costs no memory here.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "wedlm/server/http/http_message.h"

namespace wedlm::server {

class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  const HttpRequest& request() const { return request_; }

  /// The whole answer. Nothing can be written afterwards.
  virtual void respond(HttpResponse response) = 0;

  /// `idle_text` is written whenever nothing else was for 15 seconds, so that nobody in between gives the stream up.
  virtual void begin_stream(HttpResponse head, std::string idle_text) = 0;
  virtual void write(std::string text) = 0;
  virtual void end_stream() = 0;

  /// Runs `task` on the strand, later. From any thread.
  virtual void post(std::function<void()> task) = 0;
  /// Runs `task` on the strand after that time, unless the answer has ended or the client has gone. There is one such
  /// task: another one takes its place.
  virtual void post_after(std::chrono::milliseconds time, std::function<void()> task) = 0;

  /// Whoever answers later than in the handler sets these: what was given to write() is out; and the client left, or
  /// did not read in time, so that nothing can be written any more. Each is called with nothing else on the stack.
  void listen(std::function<void()> on_written, std::function<void()> on_gone) {
    on_written_ = std::move(on_written);
    on_gone_ = std::move(on_gone);
  }

 protected:
  HttpRequest request_;
  std::function<void()> on_written_;
  std::function<void()> on_gone_;
};

using HttpHandler = std::function<void(std::shared_ptr<HttpExchange>)>;

}  // namespace wedlm::server
