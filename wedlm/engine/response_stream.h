// The reader's end of a request: what the answer has grown by, then the result. Any thread may read; the engine's
// thread never waits for one. A reader is as slow as it likes: events that it did not take become one
// (StreamEvent::append()) unless it asked for more (Request::max_waiting_events), so that what waits for it is never
// more than the answer.
//
// With a thread of one's own, next_for() waits. Without one, Request::on_ready says when there is something to take:
//
//   on_ready = [loop, reader] { loop->post(reader); };         and in the loop:
//   while (auto event = stream->try_next()) send(*event);
//   if (stream->is_finished()) finish(stream->wait());         which does not wait any more
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "wedlm/engine/request.h"

namespace wedlm {

class ResponseChannel;

class ResponseStream {
 public:
  explicit ResponseStream(std::shared_ptr<ResponseChannel> channel);
  /// Cancels a request that has not ended: nobody is left to read it. Afterwards on_ready is not called any more.
  ~ResponseStream();
  ResponseStream(const ResponseStream&) = delete;
  ResponseStream& operator=(const ResponseStream&) = delete;

  /// What came since the last event was taken, or the first of it where more than one event may wait; nullopt where
  /// nothing did. The end of the request is no event: ask
  /// is_finished().
  std::optional<StreamEvent> try_next();

  /// As try_next(), but waits for an event or for the end, `timeout` at most.
  std::optional<StreamEvent> next_for(std::chrono::milliseconds timeout);

  /// Waits for the end and returns the result, which lives as long as the stream. An event that was not taken is still
  /// there.
  const Result& wait();

  /// Waits for the end, `timeout` at most, and takes no event; says whether the request has ended. For a reader that
  /// wants the result alone and has to look up in between.
  bool wait_for(std::chrono::milliseconds timeout);

  /// The request has ended and every event was taken: wait() returns at once.
  bool is_finished() const;

  /// Asks the engine to end the request at the next step; what was committed stays. Safe from any thread, any number of
  /// times, and after the end.
  void cancel();

 private:
  std::shared_ptr<ResponseChannel> channel_;
};

}  // namespace wedlm
