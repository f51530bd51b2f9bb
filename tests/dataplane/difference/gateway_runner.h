// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "map_tools.h"
#include "platform/dataplane/mag_dataplane.h"
#include "platform/dataplane/ring_queue.h"
#include "runner.h"

namespace flowmob::dataplane::testing {

/// The gateway's programs at traffic control's hooks: acc1 leads to the anchor, core0 is the nodes' link.
class TcGatewayRunner : public Runner {
 public:
  static Result<std::unique_ptr<TcGatewayRunner>> open();
  ~TcGatewayRunner() override;

  Result<void> install(const World& world) override;
  Actual run(Way way, const Frame& frame) override;

 private:
  explicit TcGatewayRunner(std::unique_ptr<MagDataplane> plane)
      : plane_(std::move(plane)), drops_(plane_->object()) {}
  FlowIndex attachment_since();

  std::unique_ptr<MagDataplane> plane_;
  DropReader drops_;
  std::unique_ptr<RingQueue> to_cut_;  ///< is emptied for every packet
  std::vector<Host> installed_;
  std::map<SessionId, std::uint64_t> packets_;  ///< of both directions
};

}  // namespace flowmob::dataplane::testing
