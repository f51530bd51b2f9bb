// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/lma/config.h"
#include "core/mag/config.h"
#include "core/mn/config.h"
#include "core/mn/flow_choices.h"
#include "platform/dataplane/datapath.h"

namespace flowmob::daemon {

/// Where a daemon keeps what outlives a call.
struct DaemonPaths {
  std::filesystem::path control;  ///< control socket
  std::filesystem::path state;    ///< database; empty: none
  std::filesystem::path bpf;      ///< folder on bpffs for pinned programs and maps
  friend bool operator==(const DaemonPaths&, const DaemonPaths&) = default;
};

/// A peer whose Mobility Headers the kernel's IPsec is said to protect.
struct ProtectedPeer {
  std::string name;
  Ipv6Address address;
};

/// What an LMA's file says: the protocol's part and the system's.
struct LmaSettings {
  core::LmaConfig core;
  std::vector<std::string> core_interfaces;                  ///< towards correspondents
  std::vector<std::string> access_interfaces;                ///< towards MAGs
  dataplane::Datapath datapath = dataplane::Datapath::Auto;  ///< of interfaces that are not named here:
  std::map<std::string, dataplane::Datapath> datapaths;
  std::vector<ProtectedPeer> protected_peers;
  DaemonPaths paths;
};

/// What a MAG's file says. Interface indices and router addresses of `core.accesses` are not filled in yet.
struct MagSettings {
  core::MagConfig core;
  std::vector<std::string> transport_interfaces;  ///< towards the LMA
  std::vector<ProtectedPeer> protected_peers;     ///< the LMA, or nobody
  DaemonPaths paths;
};

/// What the kernel has as the virtual interface (docs/virtual-interface.md).
enum class VifBackend : std::uint8_t { Veth, Bridge, Bond, Team };

/// What a mobile node's file says. Interface indices and addresses of members are not filled in yet.
struct MnSettings {
  core::MnConfig core;
  VifBackend backend = VifBackend::Veth;
  core::FlowChoiceConfig flows;
  DaemonPaths paths;
};

using Settings = std::variant<LmaSettings, MagSettings, MnSettings>;

}  // namespace flowmob::daemon
