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

/// Status of a Binding Acknowledgement: below 128 accepted (RFC 6275 section 6.1.8, RFC 5213 section 8.9, RFC
/// 5149).
enum class BindingStatus : std::uint8_t {
  Accepted = 0,
  AcceptedPrefixDiscoveryNecessary = 1,
  GreKeyOptionNotRequired = 2,
  ReasonUnspecified = 128,
  AdministrativelyProhibited = 129,
  InsufficientResources = 130,
  NotHomeSubnet = 132,
  SequenceNumberOutOfWindow = 135,
  ServiceAuthorizationFailed = 151,
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
  GreKeyOptionRequired = 163,
};

/// Status of a Binding Error (RFC 6275 section 6.1.9).
enum class BindingErrorStatus : std::uint8_t { UnknownBinding = 1, UnrecognizedMhType = 2 };

std::string to_string(HandoffIndicator value);
std::string to_string(AccessTechnology value);
std::string to_string(BindingStatus value);
std::string to_string(BindingErrorStatus value);

}  // namespace flowmob::wire
