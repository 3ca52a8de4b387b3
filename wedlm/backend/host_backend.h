// What the backends that compute in the host's memory have in common: tensors stay where they are, a handle is a copy
// of the inputs, and ops are done when they return.
#pragma once

#include <span>
#include <vector>

#include "wedlm/backend/backend.h"

namespace wedlm {

/// The inputs of a forward in memory of their own.
class OwnedInputs {
 public:
  explicit OwnedInputs(const ForwardInputs& inputs);
  OwnedInputs(const OwnedInputs&) = delete;
  OwnedInputs& operator=(const OwnedInputs&) = delete;

  operator const ForwardInputs&() const { return inputs_; }  // NOLINT: stands for them

 private:
  std::vector<std::int32_t> integers_;  // all of them, one list after the other
  std::vector<AttentionSegment> segments_;
  std::vector<SamplingRow> sampling_;
  ForwardInputs inputs_;  // spans of the above
};

class HostBackend : public Backend {
 public:
  MemorySize memory() const override { return host_memory(); }
  ConstTensor place(const ConstTensor& host) override { return host; }

 protected:
  /// Those that begin() was given.
  static const ForwardInputs& inputs_of(const Forward& forward);

 private:
  /// Hidden rows, what is asked of each, and where the answers go.
  struct Rows {
    ConstTensor hidden;
    std::span<const SamplingRow> sampling;
    std::span<Prediction> predictions;
  };

  void do_upload(const ConstTensor& host, const Tensor& to) override;
  void do_download(const ConstTensor& from, const Tensor& host) override;
  std::unique_ptr<Forward> do_begin(const ForwardInputs& inputs) override;
  /// So many rows at a time as their logits are held, by predict_online() where it serves.
  void do_predict(Forward& forward, const PredictArgs& args) override;
  void do_read_predictions(Forward& forward, std::span<Prediction> predictions) override;

  /// What each row of logits says.                       logits [rows, vocab_size], sampling and predictions [rows]
  virtual void read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                           std::span<Prediction> predictions) = 0;
  /// Predictions of some rows of which nobody wants the logits and none needs all of them at once to draw from
  /// (needs_all_logits() of sampling.h): they may be read as the product comes and need not be kept. Returns false
  /// where the backend does not do so.
  virtual bool predict_online(const ConstTensor& hidden, const PackedWeight& head,
                              std::span<const SamplingRow> sampling, std::span<Prediction> predictions);

  void predict_from_logits(const Rows& rows, const PackedWeight& head, Tensor logits);

  Buffer logits_;  // of predict_from_logits() where nobody wants them
};

}  // namespace wedlm
