// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "daemon/host/host.h"
#include "platform/dataplane/drop_samples.h"

namespace flowmob::daemon {

/// What an event says of a packet that was dropped: {"reason", "length", "source", ..., "octets"}; of what is
/// in a tunnel "inner".
platform::Json describe_drop(const dataplane::DropSample& sample);

/// `monitor drops` (docs/adr/0079): the data plane samples what it drops while at least one client asks, and
/// what finds no room, there or with a client that reads too slowly, is counted.
class DropMonitor {
 public:
  /// `object` has to outlive it. "bpf-map".
  static Result<std::unique_ptr<DropMonitor>> open(Host& host, const dataplane::BpfObject& object);

 private:
  struct Client {
    std::shared_ptr<platform::ControlStream> stream;
    std::string reason;  ///< empty: all
    dataplane::DropSamples::Unsampled left_out{};
    bool wants(std::string_view of) const { return reason.empty() || reason == of; }
  };
  explicit DropMonitor(Host& host) : host_(host) {}
  Result<platform::Json> begin(const platform::Json& arguments,
                               const std::shared_ptr<platform::ControlStream>& stream);
  void end(const platform::ControlStream* stream);
  void deliver(const dataplane::DropSample& sample);
  void tell_unsampled();
  void tick();
  std::string programs(const dataplane::DropSample& sample);

  Host& host_;
  std::unique_ptr<dataplane::DropSamples> samples_;
  platform::FdWatch watch_;
  platform::DeadlineTimer timer_;
  std::list<Client> clients_;
  std::map<std::pair<InterfaceIndex, bool>, std::string> programs_;  ///< as they were a moment ago
};

}  // namespace flowmob::daemon
