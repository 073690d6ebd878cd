// Operators as extensions in C++ define them: composed of others, with kernels for a device, with a Python module that
// is to register their fake kernels.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace {

// The size of the output depends on data, which `item` reads; the data are read through a pointer.
at::Tensor sums(const at::Tensor& values, const at::Tensor& index) {
  auto rows = index.numel() == 0 ? 0 : index.max().item<int64_t>() + 1;
  auto out = at::zeros({rows}, values.options());
  auto contiguous = values.contiguous();
  const auto* from = contiguous.data_ptr<float>();
  const auto* at = index.data_ptr<int64_t>();
  auto* to = out.data_ptr<float>();
  for (int64_t i = 0; i < index.numel(); ++i) to[at[i]] += from[i];
  return out;
}

struct Sums : torch::autograd::Function<Sums> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, at::Tensor values, at::Tensor index) {
    context->save_for_backward({index});
    at::AutoDispatchBelowADInplaceOrView guard;
    return sums(values, index);
  }
  static torch::autograd::tensor_list backward(
      torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    return {gradients[0].index_select(0, context->get_saved_variables()[0]), at::Tensor()};
  }
};

at::Tensor sums_with_gradient(const at::Tensor& values, const at::Tensor& index) {
  return Sums::apply(values, index);
}

at::Tensor doubled(const at::Tensor& x) { return x.mul(2); }

at::Tensor doubled_and_one(const at::Tensor& x) { return x.mul(2).add(1); }

// Specializes the size.
at::Tensor fixed_meta(const at::Tensor& x) {
  auto rows = x.sym_size(0).guard_int(__FILE__, __LINE__);
  return at::empty_symint({rows, x.sym_size(1)}, x.options());
}

// Raises for a symbolic size.
at::Tensor sizes_meta(const at::Tensor& x) { return at::empty(x.sizes(), x.options()); }

at::Tensor right_meta(const at::Tensor& x) { return at::empty_symint(x.sym_sizes(), x.options()); }

TORCH_LIBRARY(td_extension, m) {
  m.def("sums(Tensor values, Tensor index) -> Tensor", sums_with_gradient);
  m.def("composed(Tensor x) -> Tensor", doubled_and_one);
  m.def("fixed(Tensor x) -> Tensor");
  m.def("sized(Tensor x) -> Tensor");
  m.def("right(Tensor x) -> Tensor");
  m.set_python_module("td_extension_fakes");
  m.def("elsewhere(Tensor x) -> Tensor");
}

TORCH_LIBRARY_IMPL(td_extension, CPU, m) {
  for (const auto* name : {"fixed", "sized", "right", "elsewhere"}) m.impl(name, doubled);
}

TORCH_LIBRARY_IMPL(td_extension, Meta, m) {
  m.impl("fixed", fixed_meta);
  m.impl("sized", sizes_meta);
  m.impl("right", right_meta);
}

}  // namespace
