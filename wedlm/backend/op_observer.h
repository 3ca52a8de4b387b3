// Who may watch the ops of a backend, and what there is to be told apart.
#pragma once

#include <cstdint>

namespace wedlm {

enum class OpKind : std::uint8_t {
  kProducts,   // linear layers
  kAttention,  // scores, softmax, values
  kOther,      // embedding, norms, rotation, storing K and V, activation
  kHead,       // the product of predict(), and what is read out of it as it comes
  kLogits,     // what predict() reads out of logits that it had to keep: entropy, best and sampled token
};
inline constexpr int kNumOpKinds = 5;

class OpObserver {
 public:
  virtual ~OpObserver() = default;

  /// An op begins, or a part of one of another kind; each ends before what it is a part of.
  virtual void op_begins(OpKind kind) = 0;
  virtual void op_ends() = 0;
};

/// Tells the observer, where there is one, of an op that lasts as long as this.
class ObservedOp {
 public:
  ObservedOp(OpObserver* observer, OpKind kind) : observer_(observer) {
    if (observer_ != nullptr) observer_->op_begins(kind);
  }
  ~ObservedOp() {
    if (observer_ != nullptr) observer_->op_ends();
  }
  ObservedOp(const ObservedOp&) = delete;
  ObservedOp& operator=(const ObservedOp&) = delete;

 private:
  OpObserver* observer_;
};

}  // namespace wedlm
