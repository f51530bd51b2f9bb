// SPDX-License-Identifier: Apache-2.0
// Members that are point-to-point links without link-layer addresses.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "packet_ipv4.h"
#include "platform/unique_fd.h"
#include "vif_flows.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::string_view kRouterThere = "02:00:5e:00:52:13", kMadeUp = "02:00:00:00:aa:aa";

platform::UniqueFd open_tun(const char* name) {
  platform::UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ifreq request{};
  std::copy_n(name, std::min<std::size_t>(std::string_view(name).size(), IFNAMSIZ - 1), request.ifr_name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  EXPECT_EQ(::ioctl(fd.get(), TUNSETIFF, &request), 0) << "these tests need tun";
  return fd;
}

/// What comes out at a descriptor and is wanted; the kernel itself says other things there.
template <class Wanted>
Bytes next_of(int fd, const Wanted& is_wanted) {
  for (int tries = 0; tries < 20; ++tries) {
    ::pollfd entry{fd, POLLIN, 0};
    if (::poll(&entry, 1, 5000) != 1) break;
    Bytes read(2000);
    const auto length = ::read(fd, read.data(), read.size());
    if (length <= 0) break;
    read.resize(static_cast<std::size_t>(length));
    if (is_wanted(read)) return read;
  }
  return {};
}

Bytes next_udp(int fd, std::size_t header) {
  return next_of(fd, [header](const Bytes& read) {
    return read.size() > header + 6 && read[header] >> 4 == 6 && read[header + 6] == 17;
  });
}

/// From this address.
Bytes next_from(int fd, std::size_t header, std::string_view source) {
  const auto address = ip(source);
  return next_of(fd, [&](const Bytes& read) {
    return read.size() >= header + 40 && std::equal(address.octets.begin(), address.octets.end(),
                                                    read.begin() + static_cast<std::ptrdiff_t>(header) + 8);
  });
}

platform::UniqueFd ipv6_at(const char* interface) {
  platform::UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  ::sockaddr_ll where{};
  where.sll_family = AF_PACKET;
  where.sll_protocol = htons(0x86dd);
  where.sll_ifindex = static_cast<int>(index_of(interface));
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<::sockaddr*>(&where), sizeof where), 0);
  return fd;
}

Bytes octets_of(std::string_view address) {
  const auto parsed = mac(address);
  return {parsed.octets.begin(), parsed.octets.end()};
}

Bytes nd(std::string_view from, std::string_view to, const wire::NdMessage& message) {
  return Packet().from(from).to(to).hop_limit(255).upper(58, encode_nd(message, ip(from), ip(to))).build();
}

/// Member 0 is if1 and the default, member 1 a tun.
class VifRawIp : public ::testing::Test {
 protected:
  void SetUp() override {
    tun_ = open_tun("raw0");
    ip_command("link set raw0 up");
    auto opened = VifDataplane::open(options_);
    ASSERT_TRUE(opened) << opened.error().message;
    vif_ = std::move(*opened);
    set_up(0, true);
    set_up(1, true);
    ASSERT_TRUE(vif_->set_default_member(0));
  }
  void TearDown() override { ASSERT_TRUE(VifDataplane::teardown(options_)); }

  void set_up(std::uint32_t number, bool up) {
    const auto index = InterfaceIndex{index_of(number ? "raw0" : "if1")};
    ASSERT_TRUE(number ? vif_->set_member({1, index, mac(kMadeUp), up, mac(kRouterThere), true})
                       : vif_->set_member({0, index, mac(kMember1Mac), up}));
  }
  Outcome send(const Bytes& packet) const { return send_frame(frame(kPeerMac, kVifMac, packet)); }
  Outcome send_frame(const Bytes& octets) const { return run(vif_->object(), "vif_egress", "vif0", octets); }
  Outcome receive(const Bytes& packet) const {
    return run_raw_ip(vif_->object(), "member_ingress", "raw0", packet);
  }
  Outcome receive_by_ethernet(const Bytes& packet) const {
    return run(vif_->object(), "member_ingress", "if1", frame(kMember1Mac, kPeerMac, packet));
  }
  bool leaves_raw(const Packet& packet) const {
    const auto outcome = send(packet.build());
    EXPECT_EQ(outcome.verdict, Verdict::Redirect);
    return outcome.frame == frame(kPeerMac, kVifMac, packet.build());  // the kernel takes that header off
  }
  void set_copies() { ASSERT_TRUE(vif_->set_rules({{wire::TrafficSelector6{}}})); }

  static Packet up() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
  static Packet down() { return Packet().from(kCn).to(kNode).udp(5004, 4000).payload(100); }

  platform::UniqueFd tun_;
  VifDataplaneOptions options_{bpf_directory(), "vif0", {"if1", "raw0"}, true, {}, 256};
  std::unique_ptr<VifDataplane> vif_;
};

TEST_F(VifRawIp, WhatComesByItGetsEthernetsHeader) {
  const auto outcome = receive(down().build());
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kVifMac, kRouterThere, down().build()));
  const Packet4 of_ipv4{};
  EXPECT_EQ(receive(of_ipv4.build()).frame, frame4(kVifMac, kRouterThere, of_ipv4.build()));
  EXPECT_EQ(vif_->flows().size(), 2U);
}

TEST_F(VifRawIp, UplinkFollowsDownlinkToItAndBackAndIsNotWrittenTo) {
  EXPECT_FALSE(leaves_raw(up())) << "the default member's source is in it";
  static_cast<void>(receive(down().build()));
  EXPECT_TRUE(leaves_raw(up()));
  static_cast<void>(receive_by_ethernet(down().build()));
  EXPECT_FALSE(leaves_raw(up()));
  const Packet4 up4{.source = kNode4, .destination = kCn4, .source_port = 4000, .destination_port = 80};
  static_cast<void>(receive(Packet4{}.build()));
  const auto sent = send_frame(frame4(kPeerMac, kVifMac, up4.build()));
  EXPECT_EQ(sent.verdict, Verdict::Redirect);
  EXPECT_EQ(sent.frame, frame4(kPeerMac, kVifMac, up4.build()));
}

TEST_F(VifRawIp, FragmentsBelongToTheirFlow) {
  const auto first = down().payload(96).fragment(0, true, 5),
             second = down().payload(96).fragment(104, false, 5);
  EXPECT_EQ(receive(first.build()).frame, frame(kVifMac, kRouterThere, first.build()));
  EXPECT_EQ(receive(second.build()).frame, frame(kVifMac, kRouterThere, second.build()));
  ASSERT_EQ(flows_of_tests(*vif_).size(), 1U);
  EXPECT_EQ(flows_of_tests(*vif_)[0].traffic.down.packets, 2U);
  EXPECT_TRUE(leaves_raw(up().fragment(0, true, 6)));
  EXPECT_TRUE(leaves_raw(up().fragment(1024, false, 6)));
}

TEST_F(VifRawIp, ErrorsGoByTheFlowThatTheyQuoteAndDoNotCallIt) {
  const auto error = [](const Packet& quoted, std::string_view from, std::string_view to) {
    Bytes upper{1, 4, 0, 0, 0, 0, 0, 0};
    const Bytes quote = quoted.build();
    upper.insert(upper.end(), quote.begin(), quote.end());
    return Packet().from(from).to(to).upper(58, upper);
  };
  static_cast<void>(receive_by_ethernet(down().build()));
  EXPECT_EQ(receive(error(up(), "2001:db8:e::1", kNode).build()).verdict, Verdict::Redirect);
  EXPECT_FALSE(leaves_raw(up())) << "an error does not call";
  static_cast<void>(receive(down().build()));
  EXPECT_TRUE(leaves_raw(error(down(), kNode, kCn)));
}

TEST_F(VifRawIp, ItsOwnTrafficStaysWithItAsItCame) {
  wire::RouterAdvertisement advertisement;
  advertisement.options.emplace_back(wire::Mtu{1460});
  for (const Bytes& packet : {nd("fe80::1", "ff02::1", advertisement),
                              nd("fe80::1", "fe80::7", wire::NeighborSolicitation{ip("fe80::7"), {}}),
                              down().to("fe80::7").build(), down().to("ff02::fb").build()}) {
    const auto outcome = receive(packet);
    EXPECT_EQ(outcome.verdict, Verdict::Pass);
    EXPECT_EQ(outcome.frame, packet);
  }
  EXPECT_TRUE(flows_of_tests(*vif_).empty());
  const auto arp = frame("00:00:00:00:00:00", kPeerMac, Bytes(46), 0x0806);
  EXPECT_EQ(run(vif_->object(), "member_ingress", "raw0", arp).verdict, Verdict::Pass)
      << "nobody speaks it here";
}

TEST_F(VifRawIp, AnswersOfNeighborDiscoveryHaveNoAddressInThem) {
  static_cast<void>(receive(nd("fe80::1", "ff02::1:ff00:10", wire::NeighborSolicitation{ip(kNode), {}})));
  const wire::NeighborAdvertisement answer{
      false, true, true, ip(kNode), {wire::TargetLinkLayerAddress{octets_of(kVifMac)}}};
  const auto outcome = send(nd(kNode, "fe80::1", answer));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  const auto sent = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(sent.payload_length, sent.payload.size());
  const auto decoded = wire::decode_nd(sent.payload, sent.source, sent.destination);
  ASSERT_TRUE(decoded) << decoded.error().code;
  const auto& advertised = std::get<wire::NeighborAdvertisement>(*decoded);
  EXPECT_EQ(advertised.target, ip(kNode));
  EXPECT_TRUE(advertised.options.empty());
}

/// The message with the option of another sender; of nobody: without it.
wire::NdMessage said_by(wire::NdMessage message, std::string_view sender) {
  std::visit(
      [&](auto& said) {
        if (sender.empty()) said.options.clear();
        for (auto& option : said.options) {
          if (auto* source = std::get_if<wire::SourceLinkLayerAddress>(&option))
            source->address = octets_of(sender);
          if (auto* target = std::get_if<wire::TargetLinkLayerAddress>(&option))
            target->address = octets_of(sender);
        }
      },
      message);
  return message;
}

/// By whichever member the message itself goes.
TEST_F(VifRawIp, CopiesOfMulticastNeighborDiscoveryHaveNoAddressWhereThereIsNone) {
  const wire::NeighborSolicitation question{ip("fe80::1"),
                                            {wire::SourceLinkLayerAddress{octets_of(kVifMac)}}};
  const wire::NeighborAdvertisement word{
      false, false, true, ip(kNode), {wire::TargetLinkLayerAddress{octets_of(kVifMac)}}};
  const auto at_peer = ipv6_at("if1-peer");
  for (const wire::NdMessage& message : {wire::NdMessage{question}, wire::NdMessage{word}}) {
    const auto on_ethernet = [&](std::string_view to) {
      return frame(kPeerMac, kMember1Mac, nd(kNode, to, said_by(message, kMember1Mac)));
    };
    const std::string to = message.index() == wire::NdMessage{word}.index() ? "ff02::1" : "ff02::1:ff00:1";
    ASSERT_TRUE(vif_->set_default_member(0));
    EXPECT_EQ(send(nd(kNode, to, message)).frame, on_ethernet(to)) << "the message is whole again";
    EXPECT_EQ(next_from(tun_.get(), 0, kNode), nd(kNode, to, said_by(message, "")));
    const std::string others = to + "9";  // another flow, which begins by the tun
    ASSERT_TRUE(vif_->set_default_member(1));
    EXPECT_EQ(Bytes(send(nd(kNode, others, message)).frame).size(),
              frame(kPeerMac, kVifMac, nd(kNode, others, said_by(message, ""))).size());
    EXPECT_EQ(next_from(at_peer.get(), 14, kNode), on_ethernet(others));
  }
}

TEST_F(VifRawIp, WhatTheStackDoesNotSayStays) {
  ASSERT_TRUE(vif_->set_default_member(1));
  const wire::NeighborSolicitation two{ip("fe80::1"),
                                       {wire::SourceLinkLayerAddress{octets_of(kVifMac)}, wire::Mtu{1400}}};
  const auto asked = nd(kNode, "fe80::1", two),
             bare = nd(kNode, "fe80::1", wire::NeighborSolicitation{ip("fe80::1"), {}});
  EXPECT_EQ(send(asked).frame, frame(kPeerMac, kVifMac, asked)) << "not the last option";
  EXPECT_EQ(send(bare).frame, frame(kPeerMac, kVifMac, bare));
}

/// Of IPv4 on Ethernet.
Bytes arp(std::uint16_t operation, std::string_view sender, std::string_view sender_ip,
          std::string_view target_ip, std::string_view target = "00:00:00:00:00:00") {
  Bytes octets{0, 1, 8, 0, 6, 4, 0, static_cast<std::uint8_t>(operation)};
  const auto append_mac = [&](std::string_view text) {
    const auto more = octets_of(text);
    octets.insert(octets.end(), more.begin(), more.end());
  };
  const auto append_ip = [&](std::string_view text) {
    std::array<std::uint8_t, 4> address{};
    EXPECT_EQ(::inet_pton(AF_INET, std::string(text).c_str(), address.data()), 1);
    octets.insert(octets.end(), address.begin(), address.end());
  };
  append_mac(sender);
  append_ip(sender_ip);
  append_mac(target);
  append_ip(target_ip);
  return octets;
}
constexpr std::string_view kEverybody = "ff:ff:ff:ff:ff:ff";

TEST_F(VifRawIp, ArpAsksByAMemberThatHasAddresses) {
  ASSERT_TRUE(vif_->set_default_member(1));
  const auto outcome = send_frame(frame(kEverybody, kVifMac, arp(1, kVifMac, kNode4, kRouter4), 0x0806));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kEverybody, kMember1Mac, arp(1, kMember1Mac, kNode4, kRouter4), 0x0806));
}

TEST_F(VifRawIp, WhereNoneHasTheRoutersIsAnswered) {
  set_up(0, false);
  const auto outcome = send_frame(frame(kEverybody, kVifMac, arp(1, kVifMac, kNode4, kRouter4), 0x0806));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame,
            frame(kVifMac, kRouterThere, arp(2, kRouterThere, kRouter4, kNode4, kVifMac), 0x0806));
  for (const Bytes& unanswered : {arp(1, kVifMac, "0.0.0.0", kNode4), arp(1, kVifMac, kNode4, kNode4),
                                  arp(2, kVifMac, kNode4, kRouter4)})
    EXPECT_EQ(send_frame(frame(kEverybody, kVifMac, unanswered, 0x0806)).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(vif_->drops()), 0U) << "that is no loss";
  set_up(1, false);
  const auto lost = send_frame(frame(kEverybody, kVifMac, arp(1, kVifMac, kNode4, kRouter4), 0x0806));
  EXPECT_TRUE(dropped_for(lost, vif_->drops(), "no-member"));
}

TEST_F(VifRawIp, CopiesGoByItWithoutAHeaderAndByOthersWithTheirs) {
  set_copies();
  EXPECT_EQ(frame_source(send(up().build()).frame), mac(kMember1Mac));
  EXPECT_EQ(next_udp(tun_.get(), 0), up().build());

  const auto at_peer = ipv6_at("if1-peer");
  static_cast<void>(receive(down().build()));
  EXPECT_EQ(send(up().payload(200).build()).verdict, Verdict::Redirect) << "by the tun, and a copy by if1";
  EXPECT_EQ(next_udp(at_peer.get(), 14), frame(kPeerMac, kMember1Mac, up().payload(200).build()));
}

TEST_F(VifRawIp, OfCopiesThatComeTheFirstCounts) {
  set_copies();
  EXPECT_EQ(receive_by_ethernet(down().build()).verdict, Verdict::Redirect);
  const auto second = receive(down().build());
  EXPECT_TRUE(dropped_for(second, vif_->drops(), "copy"));
  EXPECT_EQ(receive(down().payload(101).build()).verdict, Verdict::Redirect);
  EXPECT_EQ(receive_by_ethernet(down().payload(101).build()).verdict, Verdict::Drop);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
