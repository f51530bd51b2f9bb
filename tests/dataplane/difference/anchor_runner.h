// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "map_tools.h"
#include "platform/dataplane/lma_dataplane.h"
#include "runner.h"

namespace flowmob::dataplane::testing {

/// The anchor's programs at traffic control's hooks: core0 leads to correspondents, acc1 to gateways.
class TcAnchorRunner : public Runner {
 public:
  static Result<std::unique_ptr<TcAnchorRunner>> open();
  ~TcAnchorRunner() override;

  Result<void> install(const World& world) override;
  Actual run(Way way, const Frame& frame) override;

 private:
  explicit TcAnchorRunner(std::unique_ptr<LmaDataplane> plane)
      : plane_(std::move(plane)), drops_(plane_->object()) {}
  Result<void> remove(const World& world);
  FlowIndex flow_since();

  std::unique_ptr<LmaDataplane> plane_;
  DropReader drops_;
  World installed_;
  std::map<FlowIndex, std::uint64_t> packets_;  ///< of both directions
};

}  // namespace flowmob::dataplane::testing
