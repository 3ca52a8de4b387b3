// The three ways to fail, by who can act on it. Every message names the operation, what was expected and what came.
// Library code throws one of these; it never prints, exits or aborts.
#pragma once

#include <stdexcept>
#include <string>

namespace wedlm {

/// What all three have in common; catch it where a failure is turned into an exit code or an HTTP status.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller can act: a bad file, request or flag. HTTP 400, exit code 2.
class InvalidInput : public Error {
 public:
  using Error::Error;
};

/// The operator can act: memory, a file that cannot be read, a device. HTTP 503, exit code 3.
class ResourceError : public Error {
 public:
  using Error::Error;
};

/// We can act: a broken invariant. HTTP 500, exit code 70.
class InternalError : public Error {
 public:
  using Error::Error;
};

}  // namespace wedlm
