// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace flowmob::core {

/// Two paths of a MAG to one interface of a node (RFC 8278, docs/adr/0048): sessions, or what is kept of
/// them.
template <class Session>
bool are_of_one_interface_by_paths(const Session& a, const Session& b) {
  return a.path != 0 && b.path != 0 && a.link_layer_id == b.link_layer_id && a.technology == b.technology;
}

}  // namespace flowmob::core
