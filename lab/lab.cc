// SPDX-License-Identifier: Apache-2.0
#include "lab/lab.h"

#include <fmt/format.h>

namespace flowmob::lab {

int lab_main(const std::vector<std::string>&) {
  fmt::print(stderr, "flowmob lab: not built yet\n");
  return 1;
}

}  // namespace flowmob::lab
