// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "core/ipv4_home.h"
#include "core/tunnelling.h"
#include "dataplane/abi/mag.h"
#include "platform/dataplane/pinned_dataplane.h"
#include "platform/dataplane/tracked_map.h"

namespace flowmob::dataplane {

struct MagDataplaneOptions {
  std::filesystem::path bpf_dir;                  ///< on a BPF file system; nobody else's
  std::vector<std::string> transport_interfaces;  ///< towards the LMA
  std::vector<std::string> access_interfaces;     ///< towards mobile nodes
  Ipv6Address local;                              ///< the Proxy-CoA, where tunnels end
  bool local_routing = false;                     ///< between two nodes of this gateway past their anchor
  std::uint32_t max_hosts = 1U << 16;
  std::uint32_t max_network_rows = 1U << 20;  ///< /64s of delegated prefixes
  std::vector<Ipv6Address> care_of{};         ///< where they end besides: of several paths (RFC 8278)
  bool watches_flows = false;                 ///< some hosts are watched
};

/// One attached mobile node: who it is on the link, and where its packets go.
struct Host {
  SessionId attachment;
  InterfaceIndex interface;
  MacAddress node;
  MacAddress router;  ///< ours on the access link
  std::vector<Ipv6Prefix> prefixes;
  Ipv6Address mag;
  Ipv6Address lma;
  std::uint16_t mtu{};  ///< of the tunnel, for the inner packet
  std::optional<core::Ipv4Home> ipv4 = {};
  core::Tunnelling tunnelling{};
  bool is_watched = false;                 ///< for flows that it moves by itself (docs/adr/0062)
  std::vector<Ipv6Prefix> delegated = {};  ///< of the network behind it (RFC 7148)
};

/// The gateway's packets; what is said at LmaDataplane about taking over and sweeping holds here too.
class MagDataplane {
 public:
  static Result<std::unique_ptr<MagDataplane>> open(const MagDataplaneOptions& options);
  static Result<void> teardown(const MagDataplaneOptions& options);

  Result<void> attach() const;
  /// To one that came back, whether or not the others are there.
  Result<void> attach(const std::string& interface) const;

  /// Replaces what the attachment had before. "too-many-prefixes", "bad-prefix", "bad-mtu".
  Result<void> install_host(const Host& host);
  Result<void> remove_host(const Host& host);

  Result<void> set_local_routing(bool on);
  /// Whether any host may be watched: where none is, none costs anything.
  Result<void> set_watches_flows(bool on);
  /// Packets of these attachments are captured, and of no other.
  Result<void> set_captured(const std::set<std::uint32_t>& attachments);
  /// All prefixes for nodes without mobility service, and the interfaces where they are.
  Result<void> set_visited(const std::map<Ipv6Prefix, InterfaceIndex>& links);

  Result<std::size_t> sweep();

  std::optional<Traffic> attachment_traffic(SessionId attachment) const;
  std::vector<DropCount> drops() const { return pinned_.drops(); }

  const BpfObject& object() const { return pinned_.object(); }

 private:
  struct Keys {
    std::set<std::uint64_t> prefixes;  ///< the delegated ones, too
    std::set<std::uint64_t> delegated;
    std::set<fm_attachment_key, ByOctets> links;
  };

  MagDataplane(MagDataplaneOptions options, PinnedDataplane pinned);
  Result<void> set_local(const Ipv6Address& local);
  Result<void> write_flags();
  Result<void> set_care_of(const std::vector<Ipv6Address>& addresses);
  static Result<Keys> keys_of(const Host& host, const std::vector<std::uint64_t>& own);
  Result<void> write(const Host& host, const std::vector<std::uint64_t>& own, const Keys& keys);
  Result<void> erase_stale(SessionId attachment, const Keys& keep);

  MagDataplaneOptions options_;
  PinnedDataplane pinned_;
  TrackedHash<std::uint64_t, fm_hosted_row> hosted_;
  TrackedHash<fm_attachment_key, fm_attachment_row> attachments_;
  TrackedHash<fm_delegated_key, std::uint32_t> delegated_;
  TrackedCounters<std::uint32_t, fm_traffic> counters_;
  TrackedHash<std::uint32_t, std::uint32_t> watched_;
  std::map<SessionId, Keys> keys_of_;
  bool captures_ = false;
};

}  // namespace flowmob::dataplane
