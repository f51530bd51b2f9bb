// SPDX-License-Identifier: Apache-2.0
#include "core/peer/revocation_message.h"

#include <algorithm>

namespace flowmob::core {
namespace {

using wire::RevocationStatus;
using wire::RevocationTrigger;

constexpr std::uint8_t kFirstGlobal = 128;

bool is_known(const wire::MobilityOption& option) {
  return !std::holds_alternative<wire::UnknownOption>(option);
}

}  // namespace

RevocationRequest::RevocationRequest(const PacketMeta& from, wire::BindingRevocationIndication message)
    : meta(from), indication(std::move(message)) {
  const auto& options = indication.options;
  has_options = std::ranges::any_of(options, is_known);
  for (const auto& id : wire::find_all<wire::MobileNodeIdentifier>(options))
    if (!mn_id && id.subtype == wire::MobileNodeIdentifier::kNai)
      mn_id.emplace(id.identifier.begin(), id.identifier.end());
  for (const auto& prefix : wire::find_all<wire::HomeNetworkPrefixOption>(options))
    prefixes.push_back(prefix.to_prefix());
  std::ranges::sort(prefixes);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  if (const auto* address = wire::find<wire::AlternateCareOfAddress>(options)) care_of = address->address;
  if (const auto* home = wire::find<wire::Ipv4HomeAddressRequest>(options)) ipv4_home = home->address;
}

bool is_global(RevocationTrigger trigger) { return static_cast<std::uint8_t>(trigger) >= kFirstGlobal; }

bool is_handover(RevocationTrigger trigger) {
  return trigger == RevocationTrigger::InterMagHandoverSameAccess ||
         trigger == RevocationTrigger::InterMagHandoverDifferentAccess ||
         trigger == RevocationTrigger::InterMagHandoverUnknown;
}

RevocationStatus check_form(const RevocationRequest& request,
                            const std::vector<RevocationTrigger>& supported) {
  if (std::ranges::find(supported, request.trigger()) == supported.end())
    return RevocationStatus::TriggerNotSupported;
  return is_global(request.trigger()) == request.indication.global ? RevocationStatus::Success
                                                                   : RevocationStatus::FunctionNotSupported;
}

SendMessage acknowledge(const RevocationRequest& request, RevocationStatus status,
                        wire::MobilityOptions failed) {
  const auto& asked = request.indication;
  const wire::BindingRevocationAcknowledgement answer{status,          asked.sequence, asked.proxy,
                                                      asked.ipv4_only, asked.global,   std::move(failed)};
  const auto& [own, peer] = std::pair(request.meta.destination, request.meta.source);
  return {own, peer, wire::encode(answer, own, peer), request.meta.source_port};
}

bool is_realm_identifier(std::string_view identifier) {
  return identifier.size() > 1 && identifier.front() == '@' &&
         identifier.find('@', 1) == std::string_view::npos;
}

bool is_in_realm(std::string_view mn_id, std::string_view realm_identifier) {
  const auto at = mn_id.rfind('@');
  return at != std::string_view::npos && mn_id.substr(at) == realm_identifier;
}

}  // namespace flowmob::core
