// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp6/server6.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace flowmob::core::dhcp6 {
namespace {

/// RFC 8415 section 21.4 and 21.5: IAID, and the times of the one that has some.
constexpr std::size_t kIaNaHeader = 12, kIaTaHeader = 4;

bool names_server(Type type) {
  return type == Type::Request || type == Type::Renew || type == Type::Release || type == Type::Decline;
}

bool is_association(const Option& o) {
  return o.code == option::kIaNa || o.code == option::kIaTa || o.code == option::kIaPd;
}

std::uint32_t seconds_of(Duration lifetime) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, 0xfffffffe));
}

/// Those of the message, whole ones alone.
std::vector<IaPd> associations(const Message& request) {
  std::vector<IaPd> found;
  for (const auto& o : request.options)
    if (o.code == option::kIaPd)
      if (auto ia = decode_ia_pd(o.data)) found.push_back(std::move(*ia));
  return found;
}

std::optional<std::uint32_t> served_id(const std::vector<IaPd>& all) {
  const auto lowest = std::ranges::min_element(all, {}, &IaPd::id);
  return lowest == all.end() ? std::nullopt : std::optional(lowest->id);
}

bool is_delegated(const Delegation& delegation, const IaPrefix& prefix) {
  return std::ranges::find(delegation.prefixes, prefix.prefix) != delegation.prefixes.end();
}

/// What the client has and may not have is told with lifetimes of zero (RFC 8415 section 18.3.4).
IaPd granted(const Delegation& delegation, const IaPd& asked, Type type, bool is_served) {
  IaPd ia{asked.id, 0, 0, {}, {}};
  const std::uint32_t seconds = seconds_of(delegation.lifetime);
  if (is_served)
    for (const auto& prefix : delegation.prefixes) ia.prefixes.push_back({seconds, seconds, prefix});
  const bool has_some = !ia.prefixes.empty();
  const bool extends = type == Type::Renew || type == Type::Rebind;
  for (const auto& had : asked.prefixes)
    if (extends && !(has_some && is_delegated(delegation, had))) ia.prefixes.push_back({0, 0, had.prefix});
  if (has_some) {
    ia.t1 = seconds / 2;
    ia.t2 = seconds / 10 * 8;
  } else if (ia.prefixes.empty()) {
    ia.status = extends ? Status::NoBinding : Status::NoPrefixAvail;
  }
  return ia;
}

/// An IA_NA or IA_TA as it came, without what is in it but a status.
std::optional<Bytes> without_addresses(const Option& o, Type type) {
  const std::size_t header = o.code == option::kIaNa ? kIaNaHeader : kIaTaHeader;
  if (o.data.size() < header) return std::nullopt;
  const bool asks = type == Type::Solicit || type == Type::Request;
  const Bytes status = encode(asks ? Status::NoAddrsAvail : Status::NoBinding);
  Bytes data(o.data.begin(), o.data.begin() + 4);
  data.resize(header);
  append(data, Bytes{0, option::kStatus, 0, static_cast<std::uint8_t>(status.size())});
  append(data, status);
  return data;
}

/// A number names one association: what comes again has been answered, and a reply stays small.
void give(const Delegation& delegation, const Message& request, Message& reply) {
  const auto served = served_id(associations(request));
  std::set<std::uint32_t> answered;
  for (const auto& o : request.options) {
    if (o.code == option::kIaPd) {
      if (const auto asked = decode_ia_pd(o.data); asked && answered.insert(asked->id).second)
        reply.add(option::kIaPd, encode(granted(delegation, *asked, request.type, asked->id == served)));
    } else if (is_association(o)) {
      if (auto data = without_addresses(o, request.type)) reply.add(o.code, std::move(*data));
    }
  }
}

/// RFC 8415 section 18.3.7: success, but for what it never had.
void take_back(const Delegation& delegation, const Message& request, Message& reply) {
  reply.add(option::kStatus, encode(Status::Success));
  for (const auto& o : request.options) {
    if (o.code == option::kIaPd) {
      const auto ia = decode_ia_pd(o.data);
      const bool had =
          ia && std::ranges::any_of(ia->prefixes, [&](const auto& p) { return is_delegated(delegation, p); });
      if (ia && !had) reply.add(option::kIaPd, encode(IaPd{ia->id, 0, 0, {}, Status::NoBinding}));
    } else if (is_association(o)) {
      if (auto data = without_addresses(o, request.type)) reply.add(o.code, std::move(*data));
    }
  }
}

Message reply_to(const Message& request, Type type) {
  Message reply{type, request.transaction, {}};
  reply.add(option::kServerId, server_id());
  if (const auto* client = request.find(option::kClientId)) reply.add(option::kClientId, *client);
  return reply;
}

}  // namespace

Bytes server_id() { return {0, 3, 0, 1, 0x00, 0x00, 0x5e, 0x00, 0x52, 0x13}; }

bool is_for_us(const Message& request) {
  const auto* server = request.find(option::kServerId);
  const bool has_client = request.find(option::kClientId) != nullptr;
  switch (request.type) {
    case Type::Solicit:
    case Type::Confirm:
    case Type::Rebind:
      return has_client && !server;
    case Type::Request:
    case Type::Renew:
    case Type::Release:
    case Type::Decline:
      return has_client && server && *server == server_id();
    case Type::InformationRequest:
      return (!server || *server == server_id()) && std::ranges::none_of(request.options, is_association);
    default:
      return false;
  }
}

bool asks_for_prefixes(const Message& request) {
  const bool asks = request.type == Type::Solicit || request.type == Type::Request ||
                    request.type == Type::Renew || request.type == Type::Rebind;
  return asks && is_for_us(request) && !associations(request).empty();
}

bool releases(const Delegation& delegation, const Message& request) {
  if (request.type != Type::Release || !is_for_us(request)) return false;
  return std::ranges::any_of(associations(request), [&](const IaPd& ia) {
    return std::ranges::any_of(ia.prefixes, [&](const auto& p) { return is_delegated(delegation, p); });
  });
}

std::optional<Message> answer(const Delegation& delegation, const Message& request, bool multicast) {
  // Whether addresses are on the link, which is all that a Confirm asks, is not ours to say.
  if (!is_for_us(request) || request.type == Type::Confirm) return std::nullopt;
  if (!multicast) {  // RFC 8415 section 18.4
    if (!names_server(request.type)) return std::nullopt;
    Message reply = reply_to(request, Type::Reply);
    reply.add(option::kStatus, encode(Status::UseMulticast));
    return reply;
  }
  const bool is_quick = request.type == Type::Solicit && request.find(option::kRapidCommit);
  const bool is_offer = request.type == Type::Solicit && !is_quick;
  Message reply = reply_to(request, is_offer ? Type::Advertise : Type::Reply);
  if (is_quick) reply.add(option::kRapidCommit, {});
  if (request.type == Type::Release || request.type == Type::Decline)
    take_back(delegation, request, reply);
  else
    give(delegation, request, reply);
  return reply;
}

}  // namespace flowmob::core::dhcp6
