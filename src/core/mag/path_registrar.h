// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <unordered_map>

#include "core/mag/registrar.h"

namespace flowmob::core {

/// Registers attached nodes by the gateway's further paths (RFC 8278), once the LMA has agreed to several: a
/// binding each, with a number, a lifetime and retransmissions of its own. The Registrar has the first path.
/// Where that is dead, nodes are served and their first bindings kept alive by another.
class PathRegistrar {
 public:
  PathRegistrar(MagContext& context, Registrar& registrar);

  /// True if it answers one of ours.
  bool handle_acknowledgement(Now now, const wire::ProxyBindingAcknowledgement& ack);
  void handle_timeout(Now now);
  /// After every input: attachments may have changed.
  void settle(Now now);
  std::optional<TimePoint> next_deadline() const;

  /// A row for each path of an attachment; empty where there is but one.
  Json show(Now now, const Attachment& attachment) const;

 private:
  /// A binding by one path; what it says of the node is the attachment's as of its last request.
  struct Path {
    Attachment node;
    std::uint8_t binding_id{};
    bool leaves = false;
    std::optional<TimePoint> queued{};       ///< in deadlines_
    std::vector<std::uint16_t> sequences{};  ///< in by_sequence_
    bool is_registered() const { return node.expires.has_value() && !leaves; }
  };
  using Key = std::pair<SessionId, std::uint8_t>;
  using Paths = std::map<Key, Path>;

  const PathConfig& config_of(const Path& path) const;
  void index(Path& path);
  void unindex(Path& path);
  void erase(Paths::iterator path);
  /// Those of one attachment.
  std::pair<Paths::const_iterator, Paths::const_iterator> paths_of(SessionId id) const;
  void follow(Now now, SessionId id);
  void register_all(Now now);
  void follow_path(Now now, const Attachment* attachment, const Key& key);
  bool is_taken_over(const Path& path) const;
  void leave_inherited(Now now, Attachment& attachment);
  static void adopt(Path& path, const Attachment& attachment);
  void begin(Now now, Path& path, const Attachment& attachment);
  void leave(Now now, Path& path);
  void request(Now now, Path& path, RequestKind kind);
  void transmit(Now now, Path& path);
  void add_priority(const Path& path, wire::MobilityOptions& options) const;
  Paths::iterator match(const wire::ProxyBindingAcknowledgement& ack);
  bool is_answered_by(const Path& path, const wire::ProxyBindingAcknowledgement& ack) const;
  void accepted(Path& path, const wire::ProxyBindingAcknowledgement& ack);
  void rejected(Now now, Path& path, const wire::ProxyBindingAcknowledgement& ack);
  void postpone(Now now, Attachment& node) const;
  bool handle_due(Now now, Path& path);
  void choose_uplink(Attachment& attachment);

  MagContext& context_;
  Registrar& registrar_;
  Paths paths_;
  std::set<std::pair<TimePoint, Key>> deadlines_;
  std::unordered_map<std::uint16_t, Key> by_sequence_;  ///< whose request carried it last
  bool first_is_dead_ = false;                          ///< as it was when uplinks were chosen
  std::uint32_t known_restarts_ = 0;                    ///< of the LMA, of which all paths were told
};

}  // namespace flowmob::core
