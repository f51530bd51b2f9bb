// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace flowmob::wire {

/// RFC 5213 section 8.4; 6 from RFC 7864 section 6.1. Other numbers pass through.
enum class HandoffIndicator : std::uint8_t {
  Reserved = 0,
  NewInterface = 1,
  HandoffBetweenInterfaces = 2,
  HandoffBetweenMags = 3,
  Unknown = 4,
  NoChange = 5,
  NewInterfaceSharingPrefixes = 6,
};

/// RFC 5213 section 8.5 and 3GPP TS 29.275. Other numbers pass through.
enum class AccessTechnology : std::uint8_t {
  Reserved = 0,
  Virtual = 1,
  Ppp = 2,
  Ethernet = 3,
  Wlan = 4,
  Wimax = 5,
  Geran = 6,
  Utran = 7,
  Eutran = 8,
  Ehrpd = 9,
  Hrpd = 10,
  OneXRtt = 11,
  Umb = 12,
  NbIot = 13,
};

/// Status of a Binding Acknowledgement: below 128 accepted (RFC 6275 section 6.1.8, RFC 5213 section 8.9).
/// The others that IANA knows have names too (to_string), but nobody here answers with them.
enum class BindingStatus : std::uint8_t {
  Accepted = 0,
  AcceptedPrefixDiscoveryNecessary = 1,
  GreKeyOptionNotRequired = 2,               ///< RFC 5845
  GreTunnelingButTlvHeaderNotSupported = 3,  ///< RFC 5845
  ReasonUnspecified = 128,
  AdministrativelyProhibited = 129,
  InsufficientResources = 130,
  NotHomeSubnet = 132,
  SequenceNumberOutOfWindow = 135,
  ServiceAuthorizationFailed = 151,  ///< RFC 5149
  ProxyRegNotEnabled = 152,
  NotLmaForThisMobileNode = 153,
  MagNotAuthorizedForProxyReg = 154,
  NotAuthorizedForHomeNetworkPrefix = 155,
  TimestampMismatch = 156,
  TimestampLowerThanPrevAccepted = 157,
  MissingHomeNetworkPrefixOption = 158,
  BcePbuPrefixSetDoNotMatch = 159,
  MissingMnIdentifierOption = 160,
  MissingHandoffIndicatorOption = 161,
  MissingAccessTechTypeOption = 162,
  GreKeyOptionRequired = 163,                           ///< RFC 5845
  NotAuthorizedForIpv4MobilityService = 170,            ///< RFC 5844
  NotAuthorizedForIpv4HomeAddress = 171,                ///< RFC 5844
  NotAuthorizedForIpv6MobilityService = 172,            ///< RFC 5844
  MultipleIpv4HomeAddressAssignmentNotSupported = 173,  ///< RFC 5844
  InvalidCareOfAddress = 174,
  NotAuthorizedForDelegatedMnp = 177,   ///< RFC 7148
  RequestedDmnpInUse = 178,             ///< RFC 7148
  CannotMeetQosServiceRequest = 179,    ///< RFC 7222
  CannotSupportMultipathBinding = 180,  ///< RFC 8278
};

/// Status of a Binding Error (RFC 6275 section 6.1.9).
enum class BindingErrorStatus : std::uint8_t { UnknownBinding = 1, UnrecognizedMhType = 2 };

/// Why bindings are revoked (RFC 5846 section 5.1). Below 128 for one mobile node, from 128 on with the G
/// flag.
enum class RevocationTrigger : std::uint8_t {
  Unspecified = 0,
  Administrative = 1,
  InterMagHandoverSameAccess = 2,
  InterMagHandoverDifferentAccess = 3,
  InterMagHandoverUnknown = 4,
  UserInitiatedTermination = 5,
  AccessNetworkTermination = 6,
  PossibleOutOfSync = 7,
  PerPeerPolicy = 128,
  RevokingNodeLocalPolicy = 129,
};

/// Status of a Binding Revocation Acknowledgement: below 128 revoked (RFC 5846 section 5.2).
enum class RevocationStatus : std::uint8_t {
  Success = 0,
  PartialSuccess = 1,
  BindingDoesNotExist = 128,
  Ipv4HomeAddressOptionRequired = 129,
  GlobalRevocationNotAuthorized = 130,
  RevokedMobileNodesIdentityRequired = 131,
  MobileNodeIsAttached = 132,
  TriggerNotSupported = 133,
  FunctionNotSupported = 134,
  ProxyRevocationNotSupported = 135,
};

/// Status of an IPv4 Home Address Reply option: below 128 assigned (RFC 5844 section 3.3.2).
enum class Ipv4HomeAddressStatus : std::uint8_t {
  Success = 0,
  ReasonUnspecified = 128,
  AdministrativelyProhibited = 129,
  IncorrectIpv4HomeAddress = 130,
  InvalidIpv4Address = 131,
  DynamicAssignmentNotAvailable = 132,
};

/// Why an anchor notifies a gateway (RFC 7077 section 4.1, RFC 7222, RFC 7864 section 4.2, 3GPP TS 29.275).
enum class NotificationReason : std::uint16_t {
  Reserved = 0,
  ForceReregistration = 1,
  UpdateSessionParameters = 2,
  VendorSpecific = 3,
  AniParametersRequested = 4,
  QosServiceRequest = 5,
  PcscfRestorationByPco = 6,
  PcscfRestorationByDhcp = 7,
  FlowMobility = 8,
};

/// Status of a Flow Identification option (RFC 6089 section 4.2).
enum class FlowStatus : std::uint8_t {
  Successful = 0,
  AdministrativelyProhibited = 128,
  ReasonUnspecified = 129,
  Malformed = 130,
  BidNotFound = 131,
  FidNotFound = 132,
  FormatNotSupported = 133,
};

/// Status of an Update Notification Acknowledgement: below 128 done (RFC 7077 section 4.2, RFC 7864
/// section 4.3).
enum class NotificationStatus : std::uint8_t {
  Success = 0,
  FailedToUpdateSessionParameters = 128,
  MissingVendorSpecificOption = 129,
  CannotMeetQosServiceRequest = 130,  ///< RFC 7222
  ReasonUnspecified = 131,            ///< RFC 7864
  MobileNodeNotAttached = 132,        ///< RFC 7864
};

std::string to_string(HandoffIndicator value);
std::string to_string(AccessTechnology value);
std::string to_string(BindingStatus value);
std::string to_string(BindingErrorStatus value);
std::string to_string(RevocationTrigger value);
std::string to_string(RevocationStatus value);
std::string to_string(Ipv4HomeAddressStatus value);
std::string to_string(NotificationReason value);
std::string to_string(NotificationStatus value);
std::string to_string(FlowStatus value);

}  // namespace flowmob::wire
