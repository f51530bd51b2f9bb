// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/dhcp6/frame6.h"
#include "core/dhcp6/server6.h"
#include "core/mag/registrar.h"

namespace flowmob::core {

/// DHCPv6 prefix delegation (RFC 7148 sections 3.2.1 and 5.1.3.1): the gateway is the delegating router for
/// nodes that are routers and asks the LMA. Where it delegates nothing by its configuration, it says nothing.
class PrefixDelegation {
 public:
  PrefixDelegation(MagContext& context, Registrar& registrar) : context_(context), registrar_(registrar) {}

  /// A whole Ethernet frame of IPv6 from an access link.
  void handle_frame(Now now, InterfaceIndex interface, ByteView frame);

 private:
  void serve(Now now, const AccessConfig& access, Attachment& attachment, const dhcp6::Udp6Packet& udp,
             const dhcp6::Message& request);
  void send(const AccessConfig& access, const Attachment& attachment, const dhcp6::Udp6Packet& request,
            const dhcp6::Message& reply);

  MagContext& context_;
  Registrar& registrar_;
};

}  // namespace flowmob::core
