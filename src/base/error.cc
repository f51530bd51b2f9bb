// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

namespace flowmob {

tl::unexpected<Error> fail(std::string code, std::string message) {
  return tl::unexpected<Error>(Error{std::move(code), std::move(message)});
}

}  // namespace flowmob
