// SPDX-License-Identifier: Apache-2.0
#include "wire/enums.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace flowmob::wire {
namespace {

struct Name {
  std::uint16_t value;
  const char* text;
};

std::string lookup(std::span<const Name> names, std::uint16_t value) {
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
    {3, "GRE_TUNNELING_BUT_TLV_HEADER_NOT_SUPPORTED"},
    {4, "MCOA_NOT_COMPLETE"},
    {5, "MCOA_RETURN_HOME_WITHOUT_NDP"},
    {6, "PBU_ACCEPTED_TRANSIENT_BINDING_IGNORED"},
    {128, "REASON_UNSPECIFIED"},
    {129, "ADMINISTRATIVELY_PROHIBITED"},
    {130, "INSUFFICIENT_RESOURCES"},
    {131, "HOME_REGISTRATION_NOT_SUPPORTED"},
    {132, "NOT_HOME_SUBNET"},
    {133, "NOT_HOME_AGENT_FOR_THIS_MOBILE_NODE"},
    {134, "DUPLICATE_ADDRESS_DETECTION_FAILED"},
    {135, "SEQUENCE_NUMBER_OUT_OF_WINDOW"},
    {136, "EXPIRED_HOME_NONCE_INDEX"},
    {137, "EXPIRED_CARE_OF_NONCE_INDEX"},
    {138, "EXPIRED_NONCES"},
    {139, "REGISTRATION_TYPE_CHANGE_DISALLOWED"},
    {140, "MOBILE_ROUTER_OPERATION_NOT_PERMITTED"},
    {141, "INVALID_PREFIX"},
    {142, "NOT_AUTHORIZED_FOR_PREFIX"},
    {143, "FORWARDING_SETUP_FAILED"},
    {144, "MIPV6_ID_MISMATCH"},
    {145, "MIPV6_MESSAGE_ID_REQUIRED"},
    {146, "MIPV6_AUTHENTICATION_FAILED"},
    {147, "PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE"},
    {148, "CGA_AND_SIGNATURE_VERIFICATION_FAILED"},
    {149, "PERMANENT_HOME_KEYGEN_TOKEN_EXISTS"},
    {150, "NON_NULL_HOME_NONCE_INDEX_EXPECTED"},
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
    {164, "MCOA_MALFORMED"},
    {165, "MCOA_NON_MCOA_BINDING_EXISTS"},
    {166, "MCOA_PROHIBITED"},
    {167, "MCOA_UNKNOWN_CARE_OF_ADDRESS"},
    {168, "MCOA_BULK_REGISTRATION_PROHIBITED"},
    {169, "MCOA_SIMULTANEOUS_HOME_AND_FOREIGN_PROHIBITED"},
    {170, "NOT_AUTHORIZED_FOR_IPV4_MOBILITY_SERVICE"},
    {171, "NOT_AUTHORIZED_FOR_IPV4_HOME_ADDRESS"},
    {172, "NOT_AUTHORIZED_FOR_IPV6_MOBILITY_SERVICE"},
    {173, "MULTIPLE_IPV4_HOME_ADDRESS_ASSIGNMENT_NOT_SUPPORTED"},
    {174, "INVALID_CARE_OF_ADDRESS"},
    {175, "INVALID_MOBILE_NODE_GROUP_IDENTIFIER"},
    {176, "REINIT_SA_WITH_HAC"},
    {177, "NOT_AUTHORIZED_FOR_DELEGATED_MNP"},
    {178, "REQUESTED_DMNP_IN_USE"},
    {179, "CANNOT_MEET_QOS_SERVICE_REQUEST"},
    {180, "CANNOT_SUPPORT_MULTIPATH_BINDING"},
};

constexpr Name kBindingErrorStatuses[] = {
    {1, "UNKNOWN_BINDING"},
    {2, "UNRECOGNIZED_MH_TYPE"},
};

constexpr Name kRevocationTriggers[] = {
    {0, "unspecified"},
    {1, "administrative"},
    {2, "inter-mag-handover-same-access"},
    {3, "inter-mag-handover-different-access"},
    {4, "inter-mag-handover-unknown"},
    {5, "user-initiated-termination"},
    {6, "access-network-termination"},
    {7, "possible-out-of-sync"},
    {128, "per-peer-policy"},
    {129, "revoking-node-local-policy"},
};

constexpr Name kRevocationStatuses[] = {
    {0, "SUCCESS"},
    {1, "PARTIAL_SUCCESS"},
    {128, "BINDING_DOES_NOT_EXIST"},
    {129, "IPV4_HOME_ADDRESS_OPTION_REQUIRED"},
    {130, "GLOBAL_REVOCATION_NOT_AUTHORIZED"},
    {131, "REVOKED_MOBILE_NODES_IDENTITY_REQUIRED"},
    {132, "MOBILE_NODE_IS_ATTACHED"},
    {133, "REVOCATION_TRIGGER_NOT_SUPPORTED"},
    {134, "REVOCATION_FUNCTION_NOT_SUPPORTED"},
    {135, "PROXY_BINDING_REVOCATION_NOT_SUPPORTED"},
};

constexpr Name kIpv4HomeAddressStatuses[] = {
    {0, "SUCCESS"},
    {128, "REASON_UNSPECIFIED"},
    {129, "ADMINISTRATIVELY_PROHIBITED"},
    {130, "INCORRECT_IPV4_HOME_ADDRESS"},
    {131, "INVALID_IPV4_ADDRESS"},
    {132, "DYNAMIC_IPV4_HOME_ADDRESS_ASSIGNMENT_NOT_AVAILABLE"},
};

constexpr Name kNotificationReasons[] = {
    {0, "reserved"},
    {1, "force-reregistration"},
    {2, "update-session-parameters"},
    {3, "vendor-specific"},
    {4, "ani-parameters-requested"},
    {5, "qos-service-request"},
    {6, "p-cscf-restoration-by-pco"},
    {7, "p-cscf-restoration-by-dhcp"},
    {8, "flow-mobility"},
};

constexpr Name kFlowStatuses[] = {
    {0, "successful"},
    {128, "administratively-prohibited"},
    {129, "reason-unspecified"},
    {130, "malformed"},
    {131, "bid-not-found"},
    {132, "fid-not-found"},
    {133, "format-not-supported"},
};

constexpr Name kNotificationStatuses[] = {
    {0, "SUCCESS"},
    {128, "FAILED_TO_UPDATE_SESSION_PARAMETERS"},
    {129, "MISSING_VENDOR_SPECIFIC_OPTION"},
    {130, "CANNOT_MEET_QOS_SERVICE_REQUEST"},
    {131, "REASON_UNSPECIFIED"},
    {132, "MN_NOT_ATTACHED"},
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
std::string to_string(RevocationTrigger value) {
  return lookup(kRevocationTriggers, static_cast<std::uint8_t>(value));
}
std::string to_string(RevocationStatus value) {
  return lookup(kRevocationStatuses, static_cast<std::uint8_t>(value));
}
std::string to_string(Ipv4HomeAddressStatus value) {
  return lookup(kIpv4HomeAddressStatuses, static_cast<std::uint8_t>(value));
}
std::string to_string(NotificationReason value) {
  return lookup(kNotificationReasons, static_cast<std::uint16_t>(value));
}
std::string to_string(NotificationStatus value) {
  return lookup(kNotificationStatuses, static_cast<std::uint8_t>(value));
}
std::string to_string(FlowStatus value) { return lookup(kFlowStatuses, static_cast<std::uint8_t>(value)); }

}  // namespace flowmob::wire
