// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/acknowledgement.h"
#include "core/mag/mag_context.h"
#include "core/mag/node_service.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// After these a de-registration is given up; the binding at the LMA ends with its lifetime.
constexpr unsigned kMaxDeregistrations = 3;

/// The Binding Update List's state machine (RFC 5213 section 6.9.1): registers attached nodes, keeps them
/// registered and de-registers those that left. The states are drawn in attachment.h.
class Registrar {
 public:
  Registrar(MagContext& context, NodeService& service) : context_(context), service_(service) {}

  /// A new attachment, or one that tries again.
  void register_node(Now now, Attachment& attachment);
  /// Registers the services of a registered node anew; without any, just the node.
  void register_services(Now now, Attachment& attachment);
  void refresh(Now now, Attachment& attachment);
  /// Not before the node is known to be there (RFC 5213 section 6.13).
  void refresh_if_present(Now now, Attachment& attachment);
  /// Not while a request is under way: what is to be said goes with the next.
  void refresh_when_free(Now now, Attachment& attachment);
  /// What is to be announced of its flows may have changed: an update says so at once, or behind what is
  /// under way. `anyway`: what else such an update says has.
  void announce_flows(Now now, Attachment& attachment, bool anyway = false);
  /// By a command, until the node attaches anew, also if the daemon is another one by then.
  void switch_flow(Now now, Attachment& attachment, const std::string& flow, bool on);
  /// The row of a node that has one anew, and what is advertised with it: the tunnel or the link has changed.
  void renew_service(Attachment& attachment);
  /// The node wants an IPv4 home address, or no more (RFC 5844 section 3.4.3). Its question is dropped and
  /// counted: what comes of it is known when the LMA has answered. What is held back keeps its address, as no
  /// client is the administrative action that ends that.
  void request_ipv4(Now now, Attachment& attachment);
  void release_ipv4(Now now, Attachment& attachment);
  /// Likewise prefixes of the network behind it (RFC 7148 section 5.1.3.1), as soon as the pace permits it.
  void request_delegated(Now now, Attachment& attachment);
  void release_delegated(Now now, Attachment& attachment);
  /// What an attached node's row has besides its own prefixes from now on; with an answer by
  /// handle_install_result(), after which it has those or what it had. False: there is nothing to change.
  bool forward_off_link(Attachment& attachment, std::vector<Ipv6Prefix> prefixes);
  /// The LMA wants to be asked again: as soon as the pace permits it (RFC 6275 section 11.8).
  void register_by_request(Now now, Attachment& attachment);
  /// The LMA has taken it from a node that keeps its prefixes.
  void lose_ipv4(Now now, Attachment& attachment);
  /// Sends the de-registration and nothing else.
  void begin_deregistration(Now now, Attachment& attachment);
  /// Of one without service; its record stays until the LMA has answered.
  void deregister_departed(Now now, Attachment& attachment);
  /// Ends service at once, as the node cannot be reached any more.
  void cut_service(Attachment& attachment);
  /// The entry goes without a word to the LMA.
  void drop(Attachment& attachment);

  void handle_acknowledgement(Now now, const wire::ProxyBindingAcknowledgement& ack);
  void handle_install_result(Now now, EffectId id, const Result<void>& outcome);
  void handle_due(Now now, Attachment& attachment);

 private:
  void settle(SessionId id);
  void start(Now now, Attachment& attachment);
  void begin_anew(Now now, Attachment& attachment);
  void begin(Now now, Attachment& attachment, RequestKind kind);
  void begin_paced(Now now, Attachment& attachment);
  void tell_delegation(Now now, Attachment& attachment);
  void transmit(Now now, Attachment& attachment);
  bool uses_paths(const Attachment& attachment) const;
  void add_paths(const Attachment& attachment, wire::MobilityOptions& options) const;
  void note_multipath(Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack) const;
  std::uint16_t next_sequence(Attachment& attachment);
  void adopt_sequence(Attachment& attachment, std::uint16_t accepted);
  std::optional<wire::TimestampOption> timestamp(Now now, Attachment& attachment);
  void retry(Now now, Attachment& attachment);
  Attachment* match(const wire::ProxyBindingAcknowledgement& ack);
  bool names_another_node(const wire::ProxyBindingAcknowledgement& ack, const Attachment& attachment) const;
  void hold_back(Now now, Attachment& attachment);

  void accepted(Now now, Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack);
  std::optional<std::vector<Ipv6Prefix>> off_link_said(const Attachment& attachment,
                                                       const wire::ProxyBindingAcknowledgement& ack) const;
  void adopt_lifetime(Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack, TimePoint sent);
  void note_access_network(const Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack);
  void adopt_link_local(Now now, Attachment& attachment, RequestKind kind,
                        const wire::ProxyBindingAcknowledgement& ack);
  bool want_flows(Attachment& attachment) const;
  void take_flow_answers(Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack);
  void leave_to_lma(Attachment& attachment, const FlowAnnouncements::Flow& flow);
  void in_service(Now now, Attachment& attachment);
  void next_request(Now now, Attachment& attachment);
  void ipv4_released(Now now, Attachment& attachment, bool accepted);
  std::vector<Ipv6Prefix> delegated_said(const Attachment& attachment,
                                         const wire::ProxyBindingAcknowledgement& ack);
  bool lose_delegated(Attachment& attachment, wire::BindingStatus status);
  void refuse_family(Now now, Attachment& attachment, const std::string& status, RefusalReaction reaction);
  void rejected(Now now, Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack);
  void deregistration_rejected(Now now, Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack);
  void refuse(Now now, Attachment& attachment, std::string status, std::optional<Duration> retry_in);
  void service_refused(Now now, Attachment& attachment);

  void request_due(Now now, Attachment& attachment);
  void deregistration_due(Now now, Attachment& attachment);
  void finish_deregistration(Attachment& attachment, bool accepted);
  void restore_off_link(Attachment& attachment);
  void give_back(Now now, Attachment& attachment);
  void expire(Now now, Attachment& attachment);
  void retry_due(Now now, Attachment& attachment);

  MagContext& context_;
  NodeService& service_;
};

}  // namespace flowmob::core
