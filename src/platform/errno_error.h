// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace flowmob::platform {

/// "what: No such device", for the error number a system call left behind.
inline Error errno_error(std::string code, std::string what, int number = errno) {
  return {std::move(code), std::move(what) + ": " + std::generic_category().message(number)};
}

inline tl::unexpected<Error> fail_errno(std::string code, std::string what, int number = errno) {
  return tl::unexpected<Error>(errno_error(std::move(code), std::move(what), number));
}

}  // namespace flowmob::platform
