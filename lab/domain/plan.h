// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace flowmob::lab {

/// The lab's domain on paper: who there is, what lies between them, which addresses they have. No system
/// calls.
///
///     CN ---- LMA          cn-lma     a plain veth
///            /   \         lma-magN   5 ms
///         MAG1   MAG2      mag1-mn    20 ms, 20 Mbit/s (802.16-like)
///            \   /         mag2-mn    3 ms, 50 Mbit/s (802.11-like)
///         if1 MN if2
struct LinkEnd {
  std::string node, interface;
};

struct LinkPlan {
  std::string name;
  LinkEnd a, b;              ///< the second is the one nearer to the mobile node
  std::string parameters;    ///< for flowmob-wire; empty: a plain veth
  std::string technology{};  ///< of an access link
  bool emulated() const { return !parameters.empty(); }
};

struct DaemonPlan {
  std::string node;     ///< "lma", "mag1", "mag2", "mn": also the daemon's name
  std::string program;  ///< "flowmob-lmad", ...
};

/// What is fixed in every lab: each has its own namespaces, so addresses may repeat.
namespace address {
inline constexpr std::string_view kCn = "2001:db8:c::10";
inline constexpr std::string_view kLma = "2001:db8:f::1";
inline constexpr std::string_view kMag1 = "2001:db8:a::1";
inline constexpr std::string_view kMag2 = "2001:db8:b::1";
inline constexpr std::string_view kPool = "2001:db8:100::/48";
}  // namespace address
inline constexpr std::string_view kMobileNode = "mn1@example.net";
inline constexpr std::string_view kVirtualInterface = "vif0";
inline constexpr int kVideoPort = 5004;

class Plan {
 public:
  /// "bad-name" for what cannot be part of a namespace's name.
  static Result<Plan> create(const std::string& name);

  const std::string& name() const { return name_; }
  /// The nodes, and last the namespace where the emulated links live.
  std::vector<std::string> nodes() const;
  std::string namespace_of(std::string_view node) const;
  std::string namespace_prefix() const;
  const std::vector<LinkPlan>& links() const { return links_; }
  const LinkPlan* link(std::string_view name) const;
  std::vector<std::string> emulated_links() const;  ///< names of those that can fail
  const std::vector<DaemonPlan>& daemons() const { return daemons_; }

  std::filesystem::path directory() const;  ///< configurations, sockets, logs, state
  std::filesystem::path file(std::string_view name) const { return directory() / name; }
  std::filesystem::path control_socket(std::string_view daemon) const;
  std::filesystem::path wire_socket(const LinkPlan& link) const;
  std::filesystem::path bpf_directory() const;

  /// Lines for `ip -batch` that create the links, to be run in the first end's namespace.
  std::string link_lines(const LinkPlan& link) const;
  /// Lines for `ip -batch` in the node's own namespace: addresses, routes, interfaces up.
  std::string node_lines(std::string_view node) const;
  /// Interfaces of emulated links: they must see frames as they are on a wire.
  std::vector<LinkEnd> emulated_ends() const;
  std::string wire_interface(const LinkPlan& link, bool first) const {
    return link.name + (first ? "-a" : "-b");
  }

 private:
  explicit Plan(const std::string& name);
  std::string name_;
  std::vector<LinkPlan> links_;
  std::vector<DaemonPlan> daemons_;
};

/// The daemon's TOML file.
std::string configuration_of(const Plan& plan, std::string_view daemon);

}  // namespace flowmob::lab
