// The module wedlm._engine, and its exceptions.
#include "python/bindings/bindings.h"
#include "wedlm/base/error.h"

PYBIND11_MODULE(_engine, module) {
  namespace py = pybind11;
  using namespace wedlm;
  module.doc() = "The engine of wedlm; the package wedlm is what people use.";
  module.attr("__version__") = WEDLM_VERSION;
  py::register_exception<InvalidInput>(module, "InvalidInput", PyExc_ValueError);
  py::register_exception<ResourceError>(module, "ResourceError", PyExc_OSError);
  py::register_exception<InternalError>(module, "InternalError", PyExc_RuntimeError);
  python::bind_options(module);
  python::bind_sampling(module);
  python::bind_tokenizer(module);
  python::bind_streams(module);
  python::bind_model(module);
  python::bind_engine(module);
}
