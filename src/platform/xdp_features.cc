// SPDX-License-Identifier: Apache-2.0
#include "platform/xdp_features.h"

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "platform/netlink_message.h"
#include "platform/netlink_socket.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {
namespace {

// linux/netdev.h of 6.3.
constexpr std::uint8_t kNetdevDeviceGet = 1;
constexpr std::uint16_t kNetdevInterface = 1, kNetdevXdpFeatures = 3;

std::optional<std::uint16_t> family_number(NetlinkSocket& socket, const char* name) {
  NetlinkMessage ask(GENL_ID_CTRL, 0);
  ask.put<genlmsghdr>().cmd = CTRL_CMD_GETFAMILY;
  ask.text(CTRL_ATTR_FAMILY_NAME, name);
  std::optional<std::uint16_t> number;
  const auto answered = socket.request(ask, [&](const nlmsghdr& reply) {
    const ByteView value =
        NetlinkAttributes<CTRL_ATTR_MAX>(reply, sizeof(genlmsghdr)).bytes(CTRL_ATTR_FAMILY_ID);
    std::uint16_t read = 0;
    if (value.size() != sizeof(read)) return;
    std::memcpy(&read, value.data(), sizeof(read));
    number = read;
  });
  return answered ? number : std::nullopt;
}

/// The ethtool calls about one interface.
class Ethtool {
 public:
  explicit Ethtool(const std::string& interface)
      : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), interface_(interface) {}

  bool ask(void* command) const {
    ::ifreq request{};
    interface_.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
    request.ifr_data = static_cast<char*>(command);
    return socket_ && ::ioctl(socket_.get(), SIOCETHTOOL, &request) == 0;
  }

  /// The names of the features in the order of their bits.
  std::vector<std::string> feature_names() const {
    std::vector<char> told(sizeof(ethtool_sset_info) + sizeof(std::uint32_t));
    auto* info = reinterpret_cast<ethtool_sset_info*>(told.data());
    info->cmd = ETHTOOL_GSSET_INFO;
    info->sset_mask = 1ULL << ETH_SS_FEATURES;
    if (!ask(info) || info->sset_mask == 0) return {};
    const std::uint32_t count = info->data[0];
    std::vector<char> room(sizeof(ethtool_gstrings) + std::size_t{count} * ETH_GSTRING_LEN);
    auto* strings = reinterpret_cast<ethtool_gstrings*>(room.data());
    strings->cmd = ETHTOOL_GSTRINGS;
    strings->string_set = ETH_SS_FEATURES;
    strings->len = count;
    if (!ask(strings)) return {};
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < count; ++i) {
      const char* name = room.data() + sizeof(ethtool_gstrings) + std::size_t{i} * ETH_GSTRING_LEN;
      names.emplace_back(name, ::strnlen(name, ETH_GSTRING_LEN));
    }
    return names;
  }

  std::vector<std::string> active_features() const {
    auto names = feature_names();
    const std::size_t blocks = (names.size() + 31) / 32;
    std::vector<char> room(sizeof(ethtool_gfeatures) + blocks * sizeof(ethtool_get_features_block));
    auto* features = reinterpret_cast<ethtool_gfeatures*>(room.data());
    features->cmd = ETHTOOL_GFEATURES;
    features->size = static_cast<std::uint32_t>(blocks);
    if (blocks == 0 || !ask(features)) return {};
    std::vector<std::string> active;
    for (std::size_t i = 0; i < names.size(); ++i) {
      ethtool_get_features_block block{};
      std::memcpy(&block, room.data() + sizeof(ethtool_gfeatures) + i / 32 * sizeof(block), sizeof(block));
      if ((block.active >> (i % 32) & 1) != 0) active.push_back(std::move(names[i]));
    }
    return active;
  }

 private:
  UniqueFd socket_;
  std::string interface_;
};

std::string vlan_above(const std::string& interface) {
  // "vlan7 | 7 | eth0", below two headings; no file: no VLAN was ever made.
  std::ifstream file("/proc/thread-self/net/vlan/config");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, bar, id, second_bar, below;
    if (words >> name >> bar >> id >> second_bar >> below && bar == "|" && below == interface) return name;
  }
  return {};
}

/// Those that a kernel puts there by itself delay and mark, but hold nothing to a rate.
std::string shaper_at(InterfaceIndex interface) {
  static constexpr std::array<std::string_view, 9> kOrdinary{
      "noqueue", "mq", "pfifo_fast", "fq_codel", "fq", "pfifo", "bfifo", "clsact", "ingress"};
  auto socket = NetlinkSocket::open();
  if (!socket) return {};
  NetlinkMessage ask(RTM_GETQDISC, NLM_F_DUMP);
  ask.put<tcmsg>().tcm_family = AF_UNSPEC;
  std::string shaper;
  const auto answered = socket->request(ask, [&](const nlmsghdr& reply) {
    const auto* head = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&reply));
    if (reply.nlmsg_type != RTM_NEWQDISC || head->tcm_ifindex != static_cast<int>(interface.value)) return;
    const auto kind = NetlinkAttributes<TCA_MAX>(reply, sizeof(*head)).text(TCA_KIND);
    if (std::ranges::count(kOrdinary, kind) == 0 && shaper.empty()) shaper = kind;
  });
  return answered ? shaper : std::string();
}

}  // namespace

std::optional<XdpFeatures> xdp_features(InterfaceIndex interface) {
  auto socket = NetlinkSocket::open(0, NETLINK_GENERIC);
  if (!socket) return std::nullopt;
  const auto family = family_number(*socket, "netdev");
  if (!family) return std::nullopt;
  NetlinkMessage ask(*family, 0);
  ask.put<genlmsghdr>().cmd = kNetdevDeviceGet;
  ask.attribute(kNetdevInterface, interface.value);
  std::optional<XdpFeatures> features;
  const auto answered = socket->request(ask, [&](const nlmsghdr& reply) {
    const ByteView value =
        NetlinkAttributes<kNetdevXdpFeatures>(reply, sizeof(genlmsghdr)).bytes(kNetdevXdpFeatures);
    if (value.size() != sizeof(std::uint64_t)) return;
    std::memcpy(&features.emplace().bits, value.data(), value.size());
  });
  return answered ? features : std::nullopt;
}

std::optional<CardFacts> card_facts(const std::string& interface) {
  const Ethtool ethtool(interface);
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (!ethtool.ask(&info)) return std::nullopt;
  CardFacts facts;
  facts.driver.assign(info.driver, ::strnlen(info.driver, sizeof(info.driver)));
  facts.bus.assign(info.bus_info, ::strnlen(info.bus_info, sizeof(info.bus_info)));
  if (facts.bus == "N/A" || facts.driver == "tun") facts.bus.clear();
  for (const std::string& feature : ethtool.active_features()) {
    if (feature == "rx-vlan-hw-parse") facts.takes_tags_off = true;
    if (feature == "rx-vlan-filter") facts.filters_vlans = true;
  }
  return facts;
}

InterfaceFacts interface_facts(const std::string& interface) {
  InterfaceFacts facts{card_facts(interface), {}, vlan_above(interface), {}};
  if (const auto index = ::if_nametoindex(interface.c_str()); index != 0) {
    facts.features = xdp_features(InterfaceIndex{index});
    facts.shaper = shaper_at(InterfaceIndex{index});
  }
  return facts;
}

std::string reason_for_tc(const std::string& interface, const InterfaceFacts& facts) {
  const auto& card = facts.card;
  if (!card || card->bus.empty())
    return fmt::format("{} is no network card: trains of segments are worth more there",
                       card ? card->driver : interface);
  if (facts.features && !facts.features->has(XdpFeatures::kBasic | XdpFeatures::kRedirect))
    return fmt::format("the driver {} has no XDP", card->driver);
  const bool other_vlans_arrive = !card->filters_vlans || !facts.vlan.empty();
  if (card->takes_tags_off && other_vlans_arrive)
    return fmt::format("the card takes VLAN tags off before XDP sees them: ethtool -K {} rxvlan off",
                       interface);
  if (!facts.shaper.empty())
    return fmt::format("XDP would send past its queueing discipline, {}", facts.shaper);
  return {};
}

}  // namespace flowmob::platform
