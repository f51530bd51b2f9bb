// SPDX-License-Identifier: Apache-2.0
#include "core/flow/reference_classifier.h"

namespace flowmob::core {
namespace {

enum class Towards { Node, Correspondent };

Result<ClassifiedPacket> classify(const InstallNode& node, ByteView octets, FirstFragments& fragments,
                                  Towards direction) {
  auto packet = read_packet(octets);
  if (!packet) return tl::unexpected(packet.error());
  fragments.complete(*packet);
  ClassifiedPacket found{*packet, packet->key, packet->echo};
  if (const auto quoted = quoted_flow(octets, *packet)) {
    found.key = quoted->key;
    found.echo = quoted->echo;
    found.is_quoted = true;
  }
  if (direction == Towards::Correspondent) found.key = turned_around(found.key);
  found.flow = flow_of(node, found.key);
  if (!found.flow) return fail("no-flow", "no rule of the node matches, and it has no default flow");
  return found;
}

}  // namespace

FlowIndex flow_of(const InstallNode& node, const FlowKey& key) {
  const ClassifierRule* first = nullptr;
  for (const auto& rule : node.rules)
    if (!first_mismatch(rule.selector, key) && (!first || rule.order < first->order)) first = &rule;
  return first ? first->flow : node.default_flow;
}

Result<ClassifiedPacket> classify_downlink(const InstallNode& node, ByteView octets,
                                           FirstFragments& fragments) {
  return classify(node, octets, fragments, Towards::Node);
}

Result<ClassifiedPacket> classify_uplink(const InstallNode& node, ByteView octets,
                                         FirstFragments& fragments) {
  return classify(node, octets, fragments, Towards::Correspondent);
}

}  // namespace flowmob::core
