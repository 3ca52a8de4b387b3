// Objects of Python as JSON values, and back. What the library reads and writes as JSON needs no other binding.
#pragma once

#include <pybind11/pybind11.h>

#include "wedlm/base/json.h"

namespace wedlm::python {

/// None, bool, int (also NumPy's), float, str, and dicts, lists and tuples of them; keys of a dict may be integers, and
/// are their digits then. Throws InvalidInput for an object of another type.
Json json_of_object(const pybind11::handle& object);

pybind11::object object_of_json(const Json& json);

}  // namespace wedlm::python
