// The parts of the module wedlm._engine. Each declares classes and functions over a room of the library and nothing
// else: what they mean stands in its headers, what Python makes of them in the package, and their types in
// _engine.pyi.
#pragma once

#include <pybind11/pybind11.h>

namespace wedlm::python {

void bind_options(pybind11::module_& module);    // LoadOptions, EngineOptions
void bind_sampling(pybind11::module_& module);   // the table of sampling options
void bind_tokenizer(pybind11::module_& module);  // Tokenizer
void bind_streams(pybind11::module_& module);    // Stream, Event, ReadyQueue
void bind_model(pybind11::module_& module);      // Model, and finding one
void bind_engine(pybind11::module_& module);     // Engine

}  // namespace wedlm::python
