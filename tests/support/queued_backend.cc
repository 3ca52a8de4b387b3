#include "tests/support/queued_backend.h"

#include <sys/mman.h>

#include <cstring>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "wedlm/backend/host_backend.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/backend/rotary.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::size_t bytes_of(const ConstTensor& tensor) {
  return static_cast<std::size_t>(tensor.shape().num_elements()) * dtype_bytes(tensor.dtype());
}

/// Memory that nobody may touch until it is opened.
class ClosedMemory {
 public:
  ~ClosedMemory() {
    for (const auto& [data, bytes] : regions_) ::munmap(data, bytes);
  }

  void* add(std::size_t bytes) {
    const std::size_t size = std::max<std::size_t>(bytes, 1);
    void* data = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) throw ResourceError("queued backend: no memory of " + std::to_string(bytes) + " bytes");
    regions_.emplace(data, size);
    return data;
  }
  void remove(void* data) {
    ::munmap(data, regions_.at(data));
    regions_.erase(data);
  }
  void set_open(bool is_open) {
    for (const auto& [data, bytes] : regions_) ::mprotect(data, bytes, is_open ? PROT_READ | PROT_WRITE : PROT_NONE);
  }

 private:
  std::map<void*, std::size_t> regions_;
};

class QueuedBackend final : public Backend {
 public:
  std::string description() const override { return "queued (" + reference_->description() + ")"; }
  MemorySize memory() const override { return reference_->memory(); }

  Buffer allocate(std::size_t bytes) override {
    return {memory_.add(bytes), bytes, [this](void* data) {
              run_queue();
              memory_.remove(data);
            }};
  }
  ConstTensor place(const ConstTensor& host) override {
    Tensor placed(memory_.add(bytes_of(host)), host.dtype(), host.shape());
    do_upload(host, placed);
    return placed;
  }
  std::unique_ptr<PackedWeight> adopt(const PackedMatrix& packed) override { return reference_->adopt(packed); }

 private:
  /// The reference's own forward begins when the queue has come to it.
  struct State {
    explicit State(const ForwardInputs& from_host) : inputs(from_host) {}

    OwnedInputs inputs;
    std::unique_ptr<Forward> forward;
  };
  class QueuedForward final : public Forward {
   public:
    QueuedForward(QueuedBackend& backend, std::shared_ptr<State> all) : state(std::move(all)), backend_(backend) {}
    ~QueuedForward() override {
      backend_.queue_.emplace_back([state = state] { state->forward.reset(); });
    }

    const std::shared_ptr<State> state;

   private:
    QueuedBackend& backend_;
  };

  void run_queue() {
    memory_.set_open(true);
    for (const std::function<void()>& op : std::exchange(queue_, {})) op();
    memory_.set_open(false);
  }
  /// op(the reference's forward), later.
  template <class Op>
  void queue(const Forward& forward, Op op) {
    queue_.emplace_back([state = static_cast<const QueuedForward&>(forward).state, op] { op(*state->forward); });
  }

  void do_upload(const ConstTensor& host, const Tensor& to) override {
    const auto* first = static_cast<const std::byte*>(host.data());
    queue_.emplace_back([to, bytes = std::vector<std::byte>(first, first + bytes_of(host))] {
      if (!bytes.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
    });
  }
  void do_download(const ConstTensor& from, const Tensor& host) override {
    queue_.emplace_back([from, host] {
      if (bytes_of(from) > 0) std::memcpy(host.data(), from.data(), bytes_of(from));
    });
    run_queue();
  }
  std::unique_ptr<PackedWeight> do_pack(std::span<const ConstTensor> parts, const WeightFormat& format) override {
    return reference_->pack(parts, format);
  }

  std::unique_ptr<Forward> do_begin(const ForwardInputs& inputs) override {
    auto state = std::make_shared<State>(inputs);
    queue_.emplace_back([this, state] { state->forward = reference_->begin(state->inputs); });
    return std::make_unique<QueuedForward>(*this, state);
  }
  void do_embed(const Forward& forward, const ConstTensor& table, const Tensor& out) override {
    queue(forward, [this, table, out](Forward& own) { reference_->embed(own, table, out); });
  }
  void do_linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias,
                 const Tensor& out) override {
    queue_.emplace_back([this, x, &weight, bias, out] { reference_->linear(x, weight, bias, out); });
  }
  void do_rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) override {
    queue_.emplace_back([this, x, weight, eps, out] { reference_->rms_norm(x, weight, eps, out); });
  }
  void do_add(const ConstTensor& x, const Tensor& residual) override {
    queue_.emplace_back([this, x, residual] { reference_->add(x, residual); });
  }
  void do_rope_angles(const Forward& forward, const Rotation& rotation, const Tensor& angles) override {
    queue(forward, [this, rotation, angles](Forward& own) { reference_->rope_angles(own, rotation, angles); });
  }
  void do_rope(const Tensor& x, const ConstTensor& angles) override {
    queue_.emplace_back([this, x, angles] { reference_->rope(x, angles); });
  }
  void do_store_kv(const Forward& forward, const Tensor& keys, const Tensor& values, const KvPages& pages) override {
    queue(forward, [this, keys, values, pages](Forward& own) { reference_->store_kv(own, keys, values, pages); });
  }
  void do_attention(const Forward& forward, const AttentionArgs& args) override {
    queue(forward, [this, args](Forward& own) { reference_->attention(own, args); });
  }
  void do_silu_multiply(const ConstTensor& gate_up, const Tensor& out) override {
    queue_.emplace_back([this, gate_up, out] { reference_->silu_multiply(gate_up, out); });
  }
  void do_gather_prediction_rows(const Forward& forward, const ConstTensor& x, const Tensor& out) override {
    queue(forward, [this, x, out](Forward& own) { reference_->gather_prediction_rows(own, x, out); });
  }
  void do_predict(Forward& forward, const PredictArgs& args) override {
    queue(forward, [this, args](Forward& own) { reference_->predict(own, args); });
  }
  void do_read_predictions(Forward& forward, std::span<Prediction> predictions) override {
    queue(forward, [this, predictions](Forward& own) { reference_->read_predictions(own, predictions); });
    run_queue();
  }

  std::unique_ptr<Backend> reference_ = make_reference_backend();
  ClosedMemory memory_;
  std::vector<std::function<void()>> queue_;
};

}  // namespace

std::unique_ptr<Backend> make_queued_backend() {
  return std::make_unique<QueuedBackend>();
}

}  // namespace wedlm
