// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "packet.h"
#include "platform/dataplane/bpf_object.h"
#include "platform/dataplane/counters.h"

namespace flowmob::dataplane::testing {

enum class Verdict { Pass = -1, Drop = 2, Redirect = 7 };
void PrintTo(Verdict verdict, std::ostream* out);

struct Outcome {
  Verdict verdict{};
  Bytes frame;
};

/// Runs one program of a loaded object on one frame, as if it came by (or left by) an interface of ours. What
/// leaves is of a closed socket of root in the first cgroup, which the kernel puts there, unless it came
/// `from` another interface.
Outcome run(const BpfObject& object, const std::string& program, std::string_view interface,
            const Bytes& frame, std::string_view from = {});

/// A VLAN tag: a priority tag unless it has an identifier.
struct Tag {
  std::uint16_t id = 0;
  std::uint16_t protocol = 0x8100;
};
/// The frame has tags, the outermost first, as the kernel presents them: that one beside the frame.
Outcome run_tagged(const BpfObject& object, const std::string& program, std::string_view interface,
                   const Bytes& frame, const std::vector<Tag>& tags);

/// What comes by an interface without link-layer addresses: the packet alone, at least 54 octets of it.
Outcome run_raw_ip(const BpfObject& object, const std::string& program, std::string_view interface,
                   const Bytes& packet);

/// What became of a frame in an XDP program, which either sends it on by itself or leaves it to the kernel.
struct XdpOutcome {
  bool redirected = false;
  Bytes frame;
};
XdpOutcome run_xdp(const BpfObject& object, const std::string& program, std::string_view interface,
                   const Bytes& frame);

/// Interfaces of the test's own network namespace, which is made at the start of the program. The names have
/// the same in them as the addresses: core0, acc1, acc2 at a router; if1, if2, vif0 at a mobile node.
constexpr std::string_view kCoreMac = "02:00:00:00:00:c0", kAccess1Mac = "02:00:00:00:00:a1",
                           kAccess2Mac = "02:00:00:00:00:a2", kPeerMac = "02:00:00:00:00:ff";
constexpr std::string_view kMember1Mac = "02:00:00:00:01:01", kMember2Mac = "02:00:00:00:01:02",
                           kVifMac = "02:00:00:00:01:00";
constexpr std::string_view kCn = "2001:db8:c::10", kNode = "2001:db8:100::10", kLma = "2001:db8:f::1",
                           kMag1 = "2001:db8:a::1", kMag2 = "2001:db8:b::1", kNowhere = "2001:db8:dead::1";

/// A line of `ip`; fails the test if it fails.
void ip_command(const std::string& line);
std::uint32_t index_of(std::string_view interface);

/// Where the data plane of one test is pinned.
std::filesystem::path bpf_directory();

/// How often a reason came up, of a list that drops() gave.
std::uint64_t packets_dropped(const std::vector<DropCount>& drops, std::string_view reason);
/// All reasons together: that nothing else was counted.
std::uint64_t packets_dropped(const std::vector<DropCount>& drops);

/// Succeeds if exactly one packet was dropped, for this reason.
::testing::AssertionResult dropped_for(const Outcome& outcome, const std::vector<DropCount>& drops,
                                       std::string_view reason);

}  // namespace flowmob::dataplane::testing
