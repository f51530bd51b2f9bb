// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace flowmob::cli {

/// Another program that configures an interface of the mobile node's.
struct Claim {
  /// "networkd", "NetworkManager", "dhcpcd", "dhclient", "ifupdown", "iwd"; or whose port it is: "bridge br0"
  std::string manager;
  std::string interface;
  std::string evidence;  ///< where that is seen
  std::string remedy;    ///< how to end it
  friend bool operator==(const Claim&, const Claim&) = default;
};

/// Who manages these interfaces, by what the programs say themselves below `root` (/run, /etc, /proc, /sys).
/// A state that a program left when it ended does not count, nor does one of another network namespace. On
/// the virtual interface a client of DHCP alone is welcome (docs/virtual-interface.md), and members may be
/// its ports.
std::vector<Claim> find_claims(const std::filesystem::path& root, const std::vector<std::string>& members,
                               const std::string& virtual_interface);
/// By the same root.
bool has_interface(const std::filesystem::path& root, const std::string& name);

/// A process of this network namespace.
struct Process {
  std::string name;
  std::vector<std::string> words;  ///< its command line, without the program
};
std::vector<Process> processes_below(const std::filesystem::path& root);

/// Interfaces of /etc/network/interfaces, and of what that includes, that are configured there: not "manual".
std::vector<std::string> ifupdown_interfaces(const std::filesystem::path& root);

/// Whether dhcpcd.conf says `denyinterfaces` for it, or `allowinterfaces` for others only.
bool is_denied_to_dhcpcd(const std::filesystem::path& root, const std::string& interface);

/// The value of `key` in a file of KEY=VALUE lines; empty: it is not there.
std::string value_in(const std::filesystem::path& file, const std::string& key);

}  // namespace flowmob::cli
