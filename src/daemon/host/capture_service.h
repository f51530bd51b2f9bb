// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "daemon/host/host.h"
#include "platform/dataplane/packet_capture.h"

namespace flowmob::daemon {

/// `capture` (docs/adr/0079): packets of one node for the client that asked. The node is marked in the data
/// plane for as long as one does; what finds no room, there or with a client that reads too slowly, is
/// counted.
class CaptureService {
 public:
  using Numbers = std::set<std::uint32_t>;  ///< of nodes, as CapturedPacket has them
  /// What the daemon knows and the service does not.
  struct Nodes {
    /// By what the data plane calls the node now: perhaps nothing. "no-such-mobile-node": nor will it ever.
    std::function<Result<Numbers>(const std::string& mn)> find;
    /// These, and no other, are captured.
    std::function<Result<void>(const Numbers& numbers)> mark;
    /// What else an event says of the packet; keys for people.
    std::function<platform::Json(const dataplane::CapturedPacket& packet)> describe;
  };

  /// `object` has to outlive it. "bpf-map".
  static Result<std::unique_ptr<CaptureService>> open(Host& host, const dataplane::BpfObject& object,
                                                      Nodes nodes);
  ~CaptureService();
  CaptureService(const CaptureService&) = delete;
  CaptureService& operator=(const CaptureService&) = delete;

 private:
  struct Client {
    std::shared_ptr<platform::ControlStream> stream;
    std::string mn;
    std::size_t snaplen{};
    Numbers numbers{};
    std::uint64_t lost = 0;
  };
  CaptureService(Host& host, Nodes nodes) : host_(host), nodes_(std::move(nodes)) {}
  Result<platform::Json> begin(const platform::Json& arguments,
                               const std::shared_ptr<platform::ControlStream>& stream);
  void end(const platform::ControlStream* stream);
  void deliver(const dataplane::CapturedPacket& packet);
  platform::Json event_of(const dataplane::CapturedPacket& packet, const Client& client);
  Result<void> mark();
  void tell_lost();
  void tick();

  Host& host_;
  Nodes nodes_;
  std::unique_ptr<dataplane::PacketCapture> capture_;
  platform::FdWatch watch_;
  platform::DeadlineTimer timer_;
  std::list<Client> clients_;
  Numbers marked_;
};

}  // namespace flowmob::daemon
