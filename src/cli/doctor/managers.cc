// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor/managers.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>

namespace flowmob::cli {
namespace {

namespace fs = std::filesystem;

struct Machine {
  fs::path root;
  std::vector<Process> processes;

  /// The kernel keeps 15 octets of a name.
  bool runs(const std::string& name) const {
    return std::ranges::any_of(processes, [&](const Process& one) { return one.name == name.substr(0, 15); });
  }
  bool has_interface(const std::string& name) const { return cli::has_interface(root, name); }
  std::string index_of(const std::string& interface) const {
    std::ifstream in(root / "sys/class/net" / interface / "ifindex");
    std::string index;
    in >> index;
    return index;
  }
};

using Evidence = std::string;  ///< empty: it does not manage the interface

Evidence networkd(const Machine& machine, const std::string& interface) {
  const auto index = machine.index_of(interface);
  if (index.empty() || !machine.runs("systemd-networkd")) return "";
  const std::string file = "run/systemd/netif/links/" + index;
  const auto state = value_in(machine.root / file, "ADMIN_STATE");
  const bool is_managed = state == "configuring" || state == "configured" || state == "failed";
  return is_managed ? fmt::format("/{}: ADMIN_STATE={}", file, state) : "";
}

Evidence network_manager(const Machine& machine, const std::string& interface) {
  const auto index = machine.index_of(interface);
  if (index.empty() || !machine.runs("NetworkManager")) return "";
  const std::string file = "run/NetworkManager/devices/" + index;
  const auto managed = value_in(machine.root / file, "managed");
  return managed == "true" || managed == "1" ? fmt::format("/{}: managed={}", file, managed) : "";
}

/// Whose port it is.
std::optional<Claim> master_of(const Machine& machine, const std::string& interface,
                               const std::string& virtual_interface) {
  std::error_code error;
  const fs::path folder = machine.root / "sys/class/net";
  const std::string master = fs::read_symlink(folder / interface / "master", error).filename().string();
  if (master.empty() || master == virtual_interface) return std::nullopt;
  const std::string kind = fs::exists(folder / master / "bridge", error)    ? "bridge "
                           : fs::exists(folder / master / "bonding", error) ? "bond "
                                                                            : "";
  return Claim{kind + master, interface, "it is its port", "ip link set " + interface + " nomaster"};
}

/// A client's command line names its interfaces; one that names none takes all.
Evidence dhcp_client(const Machine& machine, const std::string& program, const std::string& interface) {
  for (const auto& process : machine.processes) {
    if (process.name != program) continue;
    if (std::ranges::count(process.words, interface) != 0)
      return fmt::format("process: {} {}", program, interface);
    const bool names_others =
        std::ranges::any_of(process.words, [&](const auto& word) { return machine.has_interface(word); });
    if (!names_others && machine.has_interface(interface))
      return fmt::format("process: {}, for all interfaces", program);
  }
  return "";
}

Evidence dhcpcd(const Machine& machine, const std::string& interface) {
  return is_denied_to_dhcpcd(machine.root, interface) ? "" : dhcp_client(machine, "dhcpcd", interface);
}

Evidence dhclient(const Machine& machine, const std::string& interface) {
  return dhcp_client(machine, "dhclient", interface);
}

Evidence ifupdown(const Machine& machine, const std::string& interface) {
  const auto configured = ifupdown_interfaces(machine.root);
  return std::ranges::count(configured, interface) != 0
             ? "/etc/network/interfaces, or a file that it includes: iface " + interface
             : "";
}

/// Its stations are what it is for; addresses it gives only where it is told to.
Evidence iwd(const Machine& machine, const std::string& interface) {
  std::error_code error;
  const bool is_wireless = fs::exists(machine.root / "sys/class/net" / interface / "wireless", error) ||
                           fs::exists(machine.root / "sys/class/net" / interface / "phy80211", error);
  const auto told = value_in(machine.root / "etc/iwd/main.conf", "EnableNetworkConfiguration");
  return is_wireless && machine.runs("iwd") && (told == "true" || told == "1")
             ? "/etc/iwd/main.conf: EnableNetworkConfiguration=true"
             : "";
}

/// One that leaves IPv6 alone, or routers at least.
bool asks_dhcp_alone(const Machine& machine, const std::string& manager) {
  if (manager == "dhclient") return true;
  return manager == "dhcpcd" && std::ranges::all_of(machine.processes, [](const Process& process) {
           const auto& words = process.words;
           return process.name != "dhcpcd" ||
                  std::ranges::count(words, "-4") + std::ranges::count(words, "--ipv4only");
         });
}

struct Manager {
  std::string name;
  std::function<Evidence(const Machine&, const std::string&)> look;
  std::string remedy;  ///< {}: the interface
};

const std::vector<Manager>& managers() {
  static const std::vector<Manager> all{
      {"networkd", networkd,
       "a file /etc/systemd/network/05-flowmob.network with [Match] Name={} and [Link] Unmanaged=yes, then: "
       "networkctl reload"},
      {"NetworkManager", network_manager,
       "a file /etc/NetworkManager/conf.d/flowmob.conf with [keyfile] unmanaged-devices=interface-name:{}, "
       "then: "
       "nmcli general reload"},
      {"dhcpcd", dhcpcd,
       "a line denyinterfaces {} in /etc/dhcpcd.conf, before any 'interface' line, then start dhcpcd again"},
      {"dhclient", dhclient, "dhclient -r {}, and end whatever starts it"},
      {"ifupdown", ifupdown,
       "ifdown {0}, then in /etc/network/interfaces no 'iface {0}', or both 'iface {0} inet manual' and "
       "'iface {0} "
       "inet6 manual'"},
      {"iwd", iwd, "EnableNetworkConfiguration=false in /etc/iwd/main.conf, then start iwd again ({})"},
  };
  return all;
}

}  // namespace

bool has_interface(const fs::path& root, const std::string& name) {
  std::error_code error;
  return fs::exists(root / "sys/class/net" / name, error);
}

std::vector<Claim> find_claims(const fs::path& root, const std::vector<std::string>& members,
                               const std::string& virtual_interface) {
  const Machine machine{root, processes_below(root)};
  std::vector<Claim> claims;
  const auto look_for_managers = [&](const std::string& interface) {
    for (const auto& manager : managers()) {
      if (interface == virtual_interface && asks_dhcp_alone(machine, manager.name)) continue;
      if (auto evidence = manager.look(machine, interface); !evidence.empty())
        claims.push_back({manager.name, interface, std::move(evidence),
                          fmt::format(fmt::runtime(manager.remedy), interface)});
    }
  };
  for (const auto& member : members) {
    if (auto claim = master_of(machine, member, virtual_interface)) claims.push_back(std::move(*claim));
    look_for_managers(member);
  }
  look_for_managers(virtual_interface);
  return claims;
}

}  // namespace flowmob::cli
