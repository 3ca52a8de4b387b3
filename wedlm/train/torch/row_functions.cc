#include "wedlm/train/torch/row_functions.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "wedlm/train/kernels/row_kernels.h"

namespace wedlm::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kRowsOfAPart = 256;  // the least that a thread takes, and those of one sum over rows
constexpr std::int64_t kNumbersOfAPart = 1 << 16;

/// Runs `body` with a value of the tensor's type.
template <class Body>
void of_type(const Tensor& tensor, const Body& body) {
  if (tensor.scalar_type() == at::kDouble) {
    body(double{});
  } else {
    body(float{});
  }
}

class RmsNorm : public torch::autograd::Function<RmsNorm> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& any_x, const Tensor& any_weight, double eps) {
    const Tensor x = any_x.contiguous(), weight = any_weight.contiguous();
    const std::int64_t n = x.size(-1), rows = x.numel() / n;
    Tensor out = at::empty_like(x), scales = at::empty({rows}, x.options());
    of_type(x, [&]<class T>(T /*type*/) {
      const T* from = x.data_ptr<T>();
      at::parallel_for(0, rows, kRowsOfAPart, [&](std::int64_t begin, std::int64_t end) {
        row_kernels<T>().rms_norm(from + begin * n, weight.data_ptr<T>(), static_cast<T>(eps), end - begin, n,
                                  out.data_ptr<T>() + begin * n, scales.data_ptr<T>() + begin);
      });
    });
    context->save_for_backward({x, weight, scales});
    return out;
  }

  /// The weight's is summed by parts of so many rows, so that it does not depend on how many threads there are.
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &scales = saved[2];
    const Tensor gradient = gradients[0].contiguous();
    const std::int64_t n = x.size(-1), rows = x.numel() / n, parts = (rows + kRowsOfAPart - 1) / kRowsOfAPart;
    Tensor of_x = at::empty_like(x), of_weight = at::zeros({parts, n}, x.options());
    of_type(x, [&]<class T>(T /*type*/) {
      at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t part = first; part < last; ++part) {
          const std::int64_t row = part * kRowsOfAPart;
          row_kernels<T>().rms_norm_gradient(gradient.data_ptr<T>() + row * n, x.data_ptr<T>() + row * n,
                                             weight.data_ptr<T>(), scales.data_ptr<T>() + row,
                                             std::min(kRowsOfAPart, rows - row), n, of_x.data_ptr<T>() + row * n,
                                             of_weight.data_ptr<T>() + part * n);
        }
      });
    });
    return {of_x, of_weight.sum(0), Tensor()};
  }
};

class Gated : public torch::autograd::Function<Gated> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& any_a, const Tensor& any_b) {
    const Tensor a = any_a.contiguous(), b = any_b.contiguous();
    Tensor out = at::empty_like(a);
    of_type(a, [&]<class T>(T /*type*/) {
      at::parallel_for(0, a.numel(), kNumbersOfAPart, [&](std::int64_t begin, std::int64_t end) {
        row_kernels<T>().gate(a.data_ptr<T>() + begin, b.data_ptr<T>() + begin, end - begin, out.data_ptr<T>() + begin);
      });
    });
    context->save_for_backward({a, b});
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &a = saved[0], &b = saved[1];
    const Tensor gradient = gradients[0].contiguous();
    Tensor of_a = at::empty_like(a), of_b = at::empty_like(b);
    of_type(a, [&]<class T>(T /*type*/) {
      at::parallel_for(0, a.numel(), kNumbersOfAPart, [&](std::int64_t begin, std::int64_t end) {
        row_kernels<T>().gate_gradient(gradient.data_ptr<T>() + begin, a.data_ptr<T>() + begin, b.data_ptr<T>() + begin,
                                       end - begin, of_a.data_ptr<T>() + begin, of_b.data_ptr<T>() + begin);
      });
    });
    return {of_a, of_b};
  }
};

/// x turned by its angles, or back.
Tensor turned(const Tensor& any_x, const Tensor& cos, const Tensor& sin, double direction) {
  const Tensor x = any_x.contiguous();
  const std::int64_t heads = x.size(1), half = x.size(2) / 2;
  Tensor out = at::empty_like(x);
  of_type(x, [&]<class T>(T /*type*/) {
    at::parallel_for(0, x.size(0), kRowsOfAPart, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t at_head = begin * heads * 2 * half;
      row_kernels<T>().rotate(x.data_ptr<T>() + at_head, cos.data_ptr<T>() + begin * half,
                              sin.data_ptr<T>() + begin * half, static_cast<T>(direction), end - begin, heads, half,
                              out.data_ptr<T>() + at_head);
    });
  });
  return out;
}

class Rotate : public torch::autograd::Function<Rotate> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& cos, const Tensor& sin) {
    context->save_for_backward({cos, sin});
    return turned(x, cos, sin, 1);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    return {turned(gradients[0], saved[0], saved[1], -1), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  return RmsNorm::apply(x, weight, eps);
}

Tensor gated(const Tensor& a, const Tensor& b) {
  return Gated::apply(a, b);
}

Tensor rotate(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  return Rotate::apply(x, cos, sin);
}

}  // namespace wedlm::train
