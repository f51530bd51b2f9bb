// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "core/mn/effect.h"
#include "daemon/host/failure_log.h"
#include "daemon/host/host.h"
#include "daemon/host/nd_ports.h"
#include "daemon/mn/virtual_interface.h"
#include "platform/dataplane/vif_dataplane.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Carries out what a LogicalInterface asks for.
class MnEffects {
 public:
  struct System {
    Host& host;
    NdPorts& ports;
    platform::Netlink& netlink;
    VirtualInterface& interface;
    dataplane::VifDataplane& dataplane;
    const std::vector<std::string>& members;  ///< names by number; empty: nobody has it
    std::function<Result<void>(const core::RemoveMember&)> release;
  };
  explicit MnEffects(System system);

  /// Where addresses and routes go: the virtual interface, which may be made anew.
  void set_interface(InterfaceIndex interface) { interface_ = interface; }
  Result<void> carry_out(const core::MnEffect& effect);

 private:
  Result<void> act(const core::Notify& notify);
  Result<void> act(const core::SendSolicitation& solicitation);
  Result<void> act(const core::AskRouter& question);
  Result<void> act(const core::AnswerNeighbor& answer);
  Result<void> act(const core::SendFromPort& said);
  Result<void> act(const core::EnsureAddress& address);
  Result<void> act(const core::RemoveAddress& address);
  Result<void> act(const core::EnsureDefaultRouter& router);
  Result<void> act(const core::RemoveDefaultRouter& router);
  Result<void> act(const core::SetInterfaceMtu& mtu);
  Result<void> act(const core::InstallMember& member);
  Result<void> act(const core::InstallDefaultMember& member);
  Result<void> act(const core::RemoveMember& member) { return system_.release(member); }
  Result<void> act(const core::InstallSource& source) {
    return system_.dataplane.set_source(source.prefix, source.members);
  }
  Result<Ipv6Address> link_local_of(InterfaceIndex interface) const;
  platform::Route default_route(const Ipv6Address& router) const;

  System system_;
  InterfaceIndex interface_;
  FailureLog failures_;
};

}  // namespace flowmob::daemon
