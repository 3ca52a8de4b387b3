// The processes of a run of training, and what they do together. A run of one process has it too, and nothing happens.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/watcher.h"
#include "wedlm/train/ranks/world.h"

namespace at {
class Tensor;
}  // namespace at

namespace wedlm::train {

/// Thrown where a process ends because of what another one has said already: there is nothing to say.
class SaidElsewhere final : public ResourceError {
 public:
  SaidElsewhere() : ResourceError("another process of the run has said why") {}
};

/// Each function is called by all processes in the same order, and throws where another one has gone.
class Ranks {
 public:
  virtual ~Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_first() const { return rank_ == 0; }

  /// Element by element over all ranks, in place.
  virtual void sum(std::span<double> values) = 0;
  /// Row rank() becomes the sum of all ranks' rows of that index; what the others hold then is of no use.
  virtual void reduce_scatter(const at::Tensor& rows) = 0;  // [size(), n], float32 or float64
  /// Each row becomes that of its rank.
  virtual void all_gather(const at::Tensor& rows) = 0;  // [size(), n]
  /// Becomes what the first rank has.
  virtual void broadcast(const at::Tensor& values) = 0;
  /// What each rank has said, in their order.
  virtual std::vector<std::string> gather(const std::string& text) = 0;
  /// The first rank does this while the others wait, however long it takes.
  virtual void first_alone(const std::function<void()>& work) = 0;
  /// To be called where an exception ends this process, whenever that is. Returns the one to throw: the same,
  /// SaidElsewhere where another process has one to say, or one that names the ranks that have gone.
  virtual std::exception_ptr end(std::exception_ptr reason) = 0;

  /// Whether it is so for any of them.
  bool any(bool own);

  /// A run of one process.
  static Ranks& alone();

 protected:
  Ranks(int rank, int size) : rank_(rank), size_(size) {}

 private:
  int rank_;
  int size_;
};

/// Waits until all processes of the run are there; alone where there is one. Throws InvalidInput for a world that the
/// others do not have, ResourceError where they do not come or this build has no library for it, Interrupted.
std::unique_ptr<Ranks> meet(const World& world, const Watcher& watcher);

}  // namespace wedlm::train
