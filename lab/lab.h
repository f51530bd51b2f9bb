// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace flowmob::lab {

/// `flowmob lab ...`: a whole domain in network namespaces on this machine. `arguments` are the words after
/// "lab"; the answer is the exit status. Prints to standard output, errors to standard error (or, with
/// --json, as one JSON document on standard output).
int lab_main(const std::vector<std::string>& arguments);

}  // namespace flowmob::lab
