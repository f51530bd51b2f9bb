// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor/anchor.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>

#include "daemon/config/load.h"
#include "platform/xdp_features.h"

namespace flowmob::cli {
namespace {

using dataplane::Datapath;

std::vector<std::string> interfaces_of(const daemon::LmaSettings& settings) {
  auto all = settings.core_interfaces;
  for (const auto& name : settings.access_interfaces)
    if (std::ranges::count(all, name) == 0) all.push_back(name);
  return all;
}

DatapathFinding examine_interface(const std::string& name, Datapath wanted) {
  DatapathFinding finding{name, std::string(to_string(wanted)), "tc", "as configured"};
  if (wanted == Datapath::Tc) return finding;
  if (::if_nametoindex(name.c_str()) == 0) {
    finding.reason = "there is no such interface";
    return finding;
  }
  if (wanted == Datapath::Auto)
    finding.reason = platform::reason_for_tc(name, platform::interface_facts(name));
  if (wanted == Datapath::Auto && !finding.reason.empty()) return finding;
  finding.expected = "xdp";
  if (wanted == Datapath::Auto)
    finding.reason = "if the driver takes the program: flowmob show links says it";
  return finding;
}

}  // namespace

AnchorFinding examine_anchor(const std::filesystem::path& file) {
  AnchorFinding anchor{file.string(), {}, ""};
  const auto settings = daemon::config::load_lma(file);
  if (!settings) {
    anchor.problem = daemon::config::to_error(settings.error()).message;
    return anchor;
  }
  for (const auto& name : interfaces_of(*settings)) {
    const auto own = settings->datapaths.find(name);
    anchor.interfaces.push_back(
        examine_interface(name, own == settings->datapaths.end() ? settings->datapath : own->second));
  }
  return anchor;
}

Json to_json(const AnchorFinding& anchor) {
  if (anchor.file.empty()) return {};
  Json interfaces = Json::array();
  for (const auto& one : anchor.interfaces)
    interfaces.push_back({{"interface", one.interface},
                          {"wanted", one.wanted},
                          {"datapath", one.expected},
                          {"datapath_reason", one.reason}});
  return {{"file", anchor.file}, {"problem", anchor.problem}, {"interfaces", std::move(interfaces)}};
}

std::string text_of(const AnchorFinding& anchor) {
  if (anchor.file.empty()) return "";
  if (!anchor.problem.empty())
    return fmt::format("\nWhat forwards at the LMA's interfaces is not known: {}\n",
                       printable(anchor.problem));
  std::string text = "\n";
  for (const auto& one : anchor.interfaces)
    text += printable(fmt::format("{} has {}: {}", one.interface, one.expected, one.reason)) + "\n";
  return text;
}

}  // namespace flowmob::cli
