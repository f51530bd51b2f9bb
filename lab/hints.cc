// SPDX-License-Identifier: Apache-2.0
#include "lab/hints.h"

#include <fmt/format.h>

#include "lab/command_line.h"

namespace flowmob::lab {

std::string name_option(const Plan& plan) {
  return plan.name() == CommandLine().name ? std::string() : " --name " + plan.name();
}

std::string what_to_try(const Plan& plan) {
  const bool usual = name_option(plan).empty();
  return fmt::format(
      "Try:  flowmob lab exec{0} mn -- ping {1}\n      flowmob{2} show bindings\n      flowmob lab down{0}\n",
      name_option(plan), address::kCn, usual ? "" : " --control " + plan.name() + "/lma");
}

}  // namespace flowmob::lab
