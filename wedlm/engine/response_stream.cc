#include "wedlm/engine/response_stream.h"

#include <utility>

#include "wedlm/engine/response_channel.h"

namespace wedlm {

ResponseStream::ResponseStream(std::shared_ptr<ResponseChannel> channel) : channel_(std::move(channel)) {}

ResponseStream::~ResponseStream() {
  channel_->abandon();
}

std::optional<StreamEvent> ResponseStream::try_next() {
  return next_for(std::chrono::milliseconds(0));
}

std::optional<StreamEvent> ResponseStream::next_for(std::chrono::milliseconds timeout) {
  return channel_->next_for(timeout);
}

const Result& ResponseStream::wait() {
  return channel_->wait();
}

bool ResponseStream::wait_for(std::chrono::milliseconds timeout) {
  return channel_->wait_for(timeout);
}

bool ResponseStream::is_finished() const {
  return channel_->is_finished();
}

void ResponseStream::cancel() {
  channel_->cancel();
}

}  // namespace wedlm
