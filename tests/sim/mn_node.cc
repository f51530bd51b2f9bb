// SPDX-License-Identifier: Apache-2.0
#include "mn_node.h"

namespace flowmob::sim {

MnNode::MnNode(World& world, AccessNetwork& access, std::size_t number, core::MnConfig config)
    : pump(world, config.name, [this](const core::MnEffect& effect) { return carry_out(effect); }),
      world_(world),
      access_(access),
      number_(number),
      config_(std::move(config)),
      links_(config_.members.size(), false),
      heard_(config_.members.size(), false) {}

void MnNode::start() {
  world_.trace(config_.name, "daemon starts");
  pump.start(std::make_unique<core::LogicalInterface>(config_));
  const auto addresses = tables.addresses();
  for (const auto& [address, row] : addresses)
    pump.feed([row = row](auto& core, Now now) { core.adopt_address(now, row); });
  for (std::size_t member = 0; member < links_.size(); ++member) set_link(member, links_[member]);
}

void MnNode::set_link(std::size_t member, bool up) {
  links_[member] = up;
  if (!up) heard_[member] = false;
  const auto interface = config_.members[member].index;
  pump.feed([&](auto& core, Now now) { core.handle_link(now, interface, up); });
}

void MnNode::use_members(const std::vector<std::size_t>& members) {
  auto config = config_;
  config.members.clear();
  for (const auto member : members) config.members.push_back(config_.members[member]);
  world_.touch(number_);
  pump.feed([&](auto& core, Now now) {
    if (const auto done = core.reconfigure(now, config); !done) world_.broken(done.error().message);
  });
  for (const auto member : members) set_link(member, links_[member]);
}

void MnNode::receive(std::size_t member, const core::PacketMeta& meta, const Bytes& icmpv6) {
  if (!heard_.at(member)) world_.touch(number_);
  heard_.at(member) = true;
  auto here = meta;
  here.interface = config_.members[member].index;
  pump.feed([&](auto& core, Now now) { core.handle_neighbor_discovery(now, here, icmpv6); });
}

/// Whatever the tables refuse was asked for against the contract of the effects.
template <class Row>
Result<void> MnNode::apply(const Row& effect) {
  world_.touch(number_);
  const auto outcome = tables.apply(effect);
  if (!outcome) world_.broken(config_.name + ": " + outcome.error().code + ": " + outcome.error().message);
  return outcome;
}

Result<void> MnNode::carry_out(const core::MnEffect& effect) {
  return std::visit([&](const auto& action) -> Result<void> { return apply(action); }, effect.action);
}

Result<void> MnNode::apply(const core::Notify& effect) {
  world_.trace(config_.name, [&] { return effect.event + " " + effect.fields.dump(); });
  return {};
}

Result<void> MnNode::apply(const core::SendSolicitation& effect) {
  for (std::size_t member = 0; member < config_.members.size(); ++member)
    if (config_.members[member].index == effect.interface) access_.send_up({number_, member}, effect);
  return {};
}

/// Nobody asks for it here.
Result<void> MnNode::apply(const core::AskRouter&) {
  world_.broken(config_.name + ": a router was asked, though routers are not");
  return {};
}

/// Members are no ports here.
Result<void> MnNode::apply(const core::AnswerNeighbor&) {
  world_.broken(config_.name + ": an answer for the kernel's own address");
  return {};
}

Result<void> MnNode::apply(const core::SendFromPort&) {
  world_.broken(config_.name + ": a word on the kernel's own address");
  return {};
}

}  // namespace flowmob::sim
