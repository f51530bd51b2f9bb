// SPDX-License-Identifier: Apache-2.0
#include "wire/enums.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace flowmob::wire {
namespace {

struct Name {
  std::uint8_t value;
  const char* text;
};

std::string lookup(std::span<const Name> names, std::uint8_t value) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const Name& n) { return n.value == value; });
  return found == names.end() ? fmt::format("{}", value) : found->text;
}

constexpr Name kHandoffIndicators[] = {
    {0, "reserved"}, {1, "new-interface"}, {2, "handoff-between-interfaces"},     {3, "handoff-between-mags"},
    {4, "unknown"},  {5, "no-change"},     {6, "new-interface-sharing-prefixes"},
};

constexpr Name kAccessTechnologies[] = {
    {0, "reserved"}, {1, "virtual"}, {2, "ppp"},   {3, "802.3"},   {4, "802.11"},
    {5, "802.16e"},  {6, "geran"},   {7, "utran"}, {8, "lte"},     {9, "ehrpd"},
    {10, "hrpd"},    {11, "1xrtt"},  {12, "umb"},  {13, "nb-iot"},
};

constexpr Name kBindingStatuses[] = {
    {0, "ACCEPTED"},
    {1, "ACCEPTED_PREFIX_DISCOVERY_NECESSARY"},
    {2, "GRE_KEY_OPTION_NOT_REQUIRED"},
    {128, "REASON_UNSPECIFIED"},
    {129, "ADMINISTRATIVELY_PROHIBITED"},
    {130, "INSUFFICIENT_RESOURCES"},
    {131, "HOME_REGISTRATION_NOT_SUPPORTED"},
    {132, "NOT_HOME_SUBNET"},
    {133, "NOT_HOME_AGENT_FOR_THIS_MOBILE_NODE"},
    {134, "DUPLICATE_ADDRESS_DETECTION_FAILED"},
    {135, "SEQUENCE_NUMBER_OUT_OF_WINDOW"},
    {139, "REGISTRATION_TYPE_CHANGE_DISALLOWED"},
    {151, "SERVICE_AUTHORIZATION_FAILED"},
    {152, "PROXY_REG_NOT_ENABLED"},
    {153, "NOT_LMA_FOR_THIS_MOBILE_NODE"},
    {154, "MAG_NOT_AUTHORIZED_FOR_PROXY_REG"},
    {155, "NOT_AUTHORIZED_FOR_HOME_NETWORK_PREFIX"},
    {156, "TIMESTAMP_MISMATCH"},
    {157, "TIMESTAMP_LOWER_THAN_PREV_ACCEPTED"},
    {158, "MISSING_HOME_NETWORK_PREFIX_OPTION"},
    {159, "BCE_PBU_PREFIX_SET_DO_NOT_MATCH"},
    {160, "MISSING_MN_IDENTIFIER_OPTION"},
    {161, "MISSING_HANDOFF_INDICATOR_OPTION"},
    {162, "MISSING_ACCESS_TECH_TYPE_OPTION"},
    {163, "GRE_KEY_OPTION_REQUIRED"},
    {174, "INVALID_CARE_OF_ADDRESS"},
};

constexpr Name kBindingErrorStatuses[] = {
    {1, "UNKNOWN_BINDING"},
    {2, "UNRECOGNIZED_MH_TYPE"},
};

}  // namespace

std::string to_string(HandoffIndicator value) {
  return lookup(kHandoffIndicators, static_cast<std::uint8_t>(value));
}
std::string to_string(AccessTechnology value) {
  return lookup(kAccessTechnologies, static_cast<std::uint8_t>(value));
}
std::string to_string(BindingStatus value) {
  return lookup(kBindingStatuses, static_cast<std::uint8_t>(value));
}
std::string to_string(BindingErrorStatus value) {
  return lookup(kBindingErrorStatuses, static_cast<std::uint8_t>(value));
}

}  // namespace flowmob::wire
