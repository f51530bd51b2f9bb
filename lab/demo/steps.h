// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "lab/demo/demo.h"
#include "lab/demo/judges.h"

namespace flowmob::lab {

struct Step {
  std::string name;                 ///< in report.json
  std::string title;                ///< for people
  std::vector<FlowKind> concerned;  ///< flows that the event is about
  std::function<Result<void>(Demo&)> act;
  std::vector<Judge> judges;
};

/// The demo, in order. The first step begins when all traffic flows.
const std::vector<Step>& demo_steps();

}  // namespace flowmob::lab
