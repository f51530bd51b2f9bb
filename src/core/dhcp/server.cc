// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp/server.h"

#include <algorithm>

namespace flowmob::core::dhcp {
namespace {

Message reply_to(const Message& request, Type type) {
  Message reply;
  reply.reply = true;
  reply.hardware_type = request.hardware_type;
  reply.hardware_length = request.hardware_length;
  reply.transaction = request.transaction;
  reply.broadcast = request.broadcast;
  reply.relay = request.relay;
  reply.hardware_address = request.hardware_address;
  reply.options[option::kMessageType] = {static_cast<std::uint8_t>(type)};
  // RFC 6842: a client may tell by it that the answer is its own
  const auto client = request.options.find(option::kClientIdentifier);
  if (client != request.options.end() && client->second.size() <= 255) reply.options.insert(*client);
  return reply;
}

Message grant(const Lease& lease, const Message& request, Type type) {
  Message reply = reply_to(request, type);
  reply.client = type == Type::Ack ? request.client : Ipv4Address{};
  reply.yours = lease.home.address.address;
  set_configuration(lease, reply);
  reply.set(option::kServerIdentifier, lease.home.router);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lease.time).count();
  reply.set(option::kLeaseTime, static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 1, 0xfffffffe)));
  return reply;
}

/// The client may have no address that it could be reached by (RFC 2131 section 4.3.2).
Message refuse(const Message& request, const std::optional<Ipv4Address>& server) {
  Message reply = reply_to(request, Type::Nak);
  reply.broadcast = true;
  if (server) reply.set(option::kServerIdentifier, *server);
  return reply;
}

std::optional<Message> answer_request(const Lease& lease, const Message& request) {
  const auto server = request.address_option(option::kServerIdentifier);
  if (server && *server != lease.home.router) return std::nullopt;  // it has chosen somebody else
  if (wanted_address(request) == lease.home.address.address) return grant(lease, request, Type::Ack);
  return refuse(request, lease.home.router);
}

}  // namespace

void set_configuration(const Lease& lease, Message& reply) {
  reply.set(option::kSubnetMask, lease.home.address.mask());
  reply.set(option::kRouter, lease.home.router);
  reply.options[option::kInterfaceMtu] = {static_cast<std::uint8_t>(lease.mtu >> 8),
                                          static_cast<std::uint8_t>(lease.mtu)};
}

Ipv4Address wanted_address(const Message& request) {
  if (request.client != Ipv4Address{}) return request.client;
  return request.address_option(option::kRequestedAddress).value_or(Ipv4Address{});
}

std::optional<Message> answer(const Lease& lease, const Message& request) {
  const auto type = request.type();
  if (request.reply || !type) return std::nullopt;
  if (*type == Type::Discover) return grant(lease, request, Type::Offer);
  if (*type == Type::Request) return answer_request(lease, request);
  if (*type != Type::Inform) return std::nullopt;
  Message reply = reply_to(request, Type::Ack);
  reply.client = request.client;
  set_configuration(lease, reply);
  reply.set(option::kServerIdentifier, lease.home.router);
  return reply;
}

std::optional<Message> answer_without_lease(const Message& request) {
  if (request.reply || request.type() != Type::Request) return std::nullopt;
  const auto server = request.address_option(option::kServerIdentifier);
  return refuse(request, server);
}

bool releases(const Lease& lease, const Message& request) {
  return !request.reply && request.type() == Type::Release && request.client == lease.home.address.address;
}

}  // namespace flowmob::core::dhcp
