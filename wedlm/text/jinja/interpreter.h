// Walks the tree of a template and writes its output. Scoping is Jinja's: loops, macros, with blocks and call blocks
// open a scope whose assignments end with it; if does not. One Interpreter serves one rendering.
#pragma once

#include <string>
#include <string_view>

#include "wedlm/text/jinja/ast.h"
#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {

/// `variables` are the outermost scope. Throws InvalidInput "what line 3: ..." for an error of the template, and
/// "what: message" where the template calls raise_exception(message).
std::string render(const Body& body, const Dict& variables, std::string_view what);

/// What raise_exception() throws: the template's own judgement of its input, which is no error of the template.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace wedlm::jinja
