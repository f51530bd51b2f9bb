// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "lab/demo/demo.h"
#include "lab/demo/report.h"

namespace flowmob::lab {

/// Adds to a measured step what it has to show.
using Judge = std::function<void(const Demo&, StepReport&)>;

struct Step {
  std::string name;   ///< in report.json
  std::string title;  ///< for people
  std::function<Result<void>(Demo&)> act;
  std::vector<Judge> judges;
};

/// The demo, in order. The first step begins when all traffic flows.
const std::vector<Step>& demo_steps();

namespace judge {
void lossless(const Demo&, StepReport& step);         ///< 0 lost and 0 duplicated, every flow, both ways
void same_connection(const Demo&, StepReport& step);  ///< the download's TCP connection is the first one
void bindings_kept(const Demo&, StepReport& step);
void hard_failure(const Demo&, StepReport& step);
Judge flow_ends_on(FlowKind flow, std::size_t access);   ///< in the step's last second
Judge flow_stays_on(FlowKind flow, std::size_t access);  ///< during all of it
}  // namespace judge

}  // namespace flowmob::lab
