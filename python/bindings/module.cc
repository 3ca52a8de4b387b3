// The module wedlm._engine, and its exceptions.
#include "python/bindings/bindings.h"
#include "wedlm/base/error.h"

PYBIND11_MODULE(_engine, module) {
  namespace py = pybind11;
  using namespace wedlm;
  module.doc() = "The engine of wedlm; the package wedlm is what people use.";
  module.attr("__version__") = WEDLM_VERSION;
  py::register_exception<InvalidInput>(module, "InvalidInput", PyExc_ValueError).doc() =
      "An argument, a request or a file that cannot be; the message names what is wrong.";
  py::register_exception<ResourceError>(module, "ResourceError", PyExc_OSError).doc() =
      "What was asked for is not there, or there is no room for it.";
  py::register_exception<InternalError>(module, "InternalError", PyExc_RuntimeError).doc() = "A fault of wedlm's own.";
  python::bind_options(module);
  python::bind_sampling(module);
  python::bind_tokenizer(module);
  python::bind_streams(module);
  python::bind_model(module);
  python::bind_engine(module);
}
