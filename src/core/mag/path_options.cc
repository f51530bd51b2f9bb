// SPDX-License-Identifier: Apache-2.0
#include "core/mag/path_options.h"

#include <algorithm>

namespace flowmob::core {

bool MagConfig::has_address(const Ipv6Address& any) const {
  return any == address || std::ranges::find(paths, any, &PathConfig::address) != paths.end();
}

std::optional<wire::AccessNetworkIdentifier> access_network_of(const MagContext& context,
                                                               const Attachment& attachment) {
  const auto* access = context.access(attachment.access);
  return access ? to_option(access->network) : std::nullopt;
}

void add_path_options(const MagConfig& config, std::uint8_t binding_id, bool overwrite,
                      wire::MobilityOptions& options) {
  const auto& path = config.paths.at(binding_id - 1U);
  options.emplace_back(wire::MagMultipathBinding{path.technology, path.label, binding_id, false, overwrite});
  options.emplace_back(
      wire::MagIdentifier{wire::MobileNodeIdentifier::kNai, Bytes(config.name.begin(), config.name.end())});
}

}  // namespace flowmob::core
