// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "core/ipv4_home.h"
#include "core/mag/advertisement_schedule.h"
#include "core/mag/flow_announcements.h"
#include "core/mag/observed_flows.h"
#include "core/mag/presence.h"
#include "core/mag/record.h"
#include "core/mag/timestamp_source.h"
#include "core/rate_limiter.h"
#include "core/retransmission_timer.h"
#include "core/tunnelling.h"
#include "wire/group_options.h"

namespace flowmob::core {

/// The life of an entry of the Binding Update List:
///
///               attach            PBA, row in place
///        (none) ------> Registering ------------> Registered --.
///                        ^   ^  |  ^------------------'  |     | refresh, further services
///              attach or |   |  |     binding expired    |<----'
///              a retry   |   |  | refused                | refused
///                        |   |  v                        v
///                        |  Refused <--------------------'
///                        |
///        Deregistering --'   from any but Refused by a detach; after the PBA or 1 s the entry is gone:
///              |
///              v
///           Departed         hidden; the de-registration alone is repeated a few times
enum class AttachmentState { Registering, Registered, Deregistering, Departed, Refused };
std::string_view to_string(AttachmentState state);

/// Why a Proxy Binding Update is sent: RFC 5213 sections 6.9.1.1, 6.9.1.3 (Service: with a further Service
/// Selection, of which one message carries one, RFC 5149 section 3) and 6.9.1.4. ReleaseIpv4 de-registers the
/// IPv4 home address alone (RFC 5844 section 3.2.3.3).
enum class RequestKind { Initial, Service, Refresh, Deregister, ReleaseIpv4 };

/// Whether a node is registered by several of our paths (RFC 8278 section 4.4).
enum class Multipath {
  Unknown,   ///< the LMA has not said; where we have several it is asked
  Agreed,    ///< it repeats what we say of the path
  Disabled,  ///< it does not, or has refused
};

/// An unanswered Proxy Binding Update with everything that was sent for it.
struct Request {
  struct Transmission {
    std::uint16_t sequence{};
    TimePoint sent;
  };
  RequestKind kind{};
  std::uint16_t lifetime{};  ///< units of 4 s, as sent
  RetransmissionTimer timer;
  std::vector<Transmission> transmissions{};  ///< the recent ones; any of them may be answered
  unsigned retransmissions = 0;
  unsigned immediate_retries = 0;
  Encapsulation encapsulation{};    ///< asked for last (RFC 5845)
  bool asks_for_delegated = false;  ///< some of its transmissions do (RFC 7148)

  void note_sent(std::uint16_t sequence, TimePoint now);
  const Transmission* find(std::uint16_t sequence) const;
};

/// The node's own clock, and when it was read.
struct NodeStamp {
  std::uint64_t value{};  ///< as in a Timestamp option
  TimePoint heard;
};

/// When a DHCP client may next have the LMA asked for what it has not granted: slower and slower.
struct Ipv4Asking {
  static constexpr Duration kShortest = std::chrono::seconds(1), kLongest = std::chrono::seconds(64);
  TimePoint earliest = TimePoint::min();
  Duration pause = kShortest;

  void note_asked(TimePoint now);
  void note_granted(TimePoint now);
};

/// One mobile node on one access link.
struct Attachment {
  SessionId id;
  std::string mn_id;
  std::string access;
  /// As it was registered: with another one the LMA would see another session (RFC 5213 section 5.4.1).
  wire::AccessTechnology technology{};
  MacAddress link_layer;
  Ipv6Address node_link_local;     ///< unspecified: not known
  std::optional<TimePoint> heard;  ///< its last Neighbor Discovery message
  Ipv6Address router_link_local;   ///< ours; unspecified: the LMA is to say
  std::vector<std::string> services;
  std::size_t services_registered = 0;
  wire::HandoffIndicator handoff_indicator{};  ///< for the initial registration

  AttachmentState state = AttachmentState::Registering;
  std::string status;  ///< of the last answer, by name
  /// Of the last answer (RFC 5094), to be shown.
  std::vector<wire::VendorSpecific> vendor_options;
  std::vector<Ipv6Prefix> prefixes;
  /// Of other sessions of the node, forwarded as its own are and never advertised (RFC 7864 section 3.2.2).
  std::vector<Ipv6Prefix> off_link;
  std::optional<std::vector<Ipv6Prefix>> former_off_link;  ///< while a row with others is asked for
  TimePoint off_link_said{};    ///< when a notification last did; answers to earlier requests may know less
  bool off_link_asked = false;  ///< the next answer says the whole, even if it says none
  bool off_link_named = false;  ///< so does every one: the LMA has named some in an answer
  /// No longer the node's, and until when that is said (RFC 5213 section 6.12).
  std::map<Ipv6Prefix, TimePoint> withdrawn;
  std::optional<Request> request;

  /// Of the network behind the node, which is a router: forwarded and never advertised (RFC 7148).
  std::vector<Ipv6Prefix> delegated;
  bool delegation_refused =
      false;  ///< not asked for again until an administrative action or a new attachment
  bool delegation_released = false;  ///< by the node, which has not asked for them again
  bool delegation_asked = false;     ///< the node has, by DHCPv6: the LMA's next word is the answer
  bool delegation_unsaid = false;    ///< no update since has told the LMA which of the two it is

  bool ipv6 = true;                          ///< registered for: prefixes
  bool ipv4 = false;                         ///< and an IPv4 home address
  std::optional<Ipv4Interface> ipv4_wanted;  ///< by policy, unless the LMA refused it
  bool ipv4_refused = false;                 ///< not asked for again until an administrative action
  std::optional<Ipv4Home> ipv4_home;
  Ipv4Asking ipv4_asking;
  RateLimiter dhcp_pace{std::chrono::milliseconds(100), 20};  ///< of what is relayed
  bool dhcp_server = false;                                   ///< the LMA wants us to be one for this node

  Tunnelling tunnelling;      ///< agreed with the LMA
  bool gre_required = false;  ///< by the LMA
  bool gre_refused = false;   ///< not needed, it says
  Multipath multipath = Multipath::Unknown;
  FlowAnnouncements flows;
  ObservedFlows observed;
  /// Which of our addresses it is served by; unspecified: the first.
  Ipv6Address care_of;

  Duration lifetime{};  ///< granted
  std::optional<TimePoint> expires;
  std::optional<TimePoint> refresh_at;
  std::optional<TimePoint> update_asked;  ///< when the LMA, or the node by DHCPv6, last had us send one
  std::optional<TimePoint> retry_at;      ///< of a refused one that may try again by itself
  bool held = false;                      ///< no Proxy Binding Update until an administrative action
  /// Wall minus monotonic time when the LMA found our timestamps invalid; a change means a set clock.
  std::optional<Duration> clock_offset;
  std::optional<TimePoint> retry_anyway_at;  ///< without such a change

  bool host_installed = false;  ///< InstallHost was asked for
  EffectId pending_install;
  bool persisted = false;
  std::optional<TimePoint> persist_at;  ///< something changed that may wait a little
  std::optional<AdvertisementSchedule> advertisements;
  std::optional<Presence> presence;  ///< of a node that is watched

  std::uint16_t sequence = 0;  ///< last used, where sequence numbers order the messages
  std::optional<NodeStamp> node_stamp;
  TimestampSource node_timestamps;

  bool is_address_known() const { return !node_link_local.is_unspecified(); }
  /// Asked, and has not answered yet.
  bool is_doubtful() const { return is_address_known() && presence && presence->unanswered > 0; }
  std::optional<TimePoint> next_deadline() const;
};

}  // namespace flowmob::core
