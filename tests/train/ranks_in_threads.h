// A world of several ranks in the threads of one process, which meet as processes do.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "wedlm/train/torch/ranks.h"

namespace wedlm::train {

/// A port at which nobody listens.
inline std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool is_bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(socket);
  if (!is_bound) throw std::runtime_error("no port is free");
  return ntohs(address.sin_port);
}

/// Runs `body` as each of `size` ranks; returns what each of them has thrown, or null.
inline std::vector<std::exception_ptr> as_ranks(int size, const std::function<void(Ranks& ranks)>& body) {
  const std::uint16_t port = free_port();
  std::vector<std::exception_ptr> thrown(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        const auto ranks = meet({.rank = rank, .size = size, .address = "127.0.0.1", .port = port}, {});
        try {
          body(*ranks);
          ranks->any(false);
        } catch (const std::exception&) {
          std::rethrow_exception(ranks->end(std::current_exception()));
        }
      } catch (...) {
        thrown[static_cast<std::size_t>(rank)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return thrown;
}

/// The message of what was thrown; "" for nothing.
inline std::string message_of(const std::exception_ptr& thrown) {
  if (!thrown) return "";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace wedlm::train
