// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace flowmob {

/// Why something failed: `code` is a stable lower-case word with dashes that scripts may match
/// ("no-such-flow"), `message` a sentence for people. Owned by value.
struct Error {
  std::string code;
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

/// A value, or the reason why there is none. No function of this project throws for an expected failure.
template <class T>
using Result = tl::expected<T, Error>;

/// The failed Result: `return fail("no-such-flow", "...")`.
tl::unexpected<Error> fail(std::string code, std::string message);

}  // namespace flowmob
