// SPDX-License-Identifier: Apache-2.0
// What no single value of a mobile node's file shows.
#include "daemon/config/mn_file.h"
#include "daemon/config/rules.h"
#include "dataplane/abi/vif.h"

namespace flowmob::daemon::config {

void check_mn(const MnFile& file, const LoadOptions& options, Diagnostics& diagnostics) {
  InterfaceCheck interfaces(options, diagnostics);
  const std::string& own = file.mn.value.settings.core.interface;
  for (const auto& member : file.members) {
    const std::string& name = member.value.interface;
    if (!name.empty() && name == own)
      diagnostics.add(member.at("interface"), fmt::format("'{}' is the virtual interface itself", name),
                      "a physical interface");
    else
      interfaces.check(name, member.at("interface"));
  }
  if (file.members.size() > FM_MAX_MEMBERS)
    diagnostics.add(file.members[FM_MAX_MEMBERS].node->at, fmt::format("{} members", file.members.size()),
                    fmt::format("at most {} [[member]]", FM_MAX_MEMBERS));
}

MnSettings assemble(MnFile file) {
  MnSettings settings = std::move(file.mn.value.settings);
  settings.core.mac = file.mn.value.mac.address;
  for (auto& member : file.members) settings.core.members.push_back(std::move(member.value));
  fill_paths(settings.paths, settings.core.name, false);
  return settings;
}

}  // namespace flowmob::daemon::config
