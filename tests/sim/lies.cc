// SPDX-License-Identifier: Apache-2.0
#include "lies.h"

#include <algorithm>
#include <set>

#include "wire/neighbor_discovery.h"

namespace flowmob::sim {
namespace {

using namespace std::chrono_literals;
using wire::HandoffIndicator;

const Ipv6Address kLiar = Ipv6Address::parse("2001:db8:1::bad").value();
const std::string kAccomplice = "accomplice@example.net";
const MacAddress kAccompliceMac{{0x02, 0xba, 0xd0, 0, 0, 1}};

Bytes octets(std::string_view text) { return {text.begin(), text.end()}; }

template <class T>
T& option(wire::ProxyBindingUpdate& update) {
  for (auto& each : update.options)
    if (auto* found = std::get_if<T>(&each)) return *found;
  return std::get<T>(update.options.emplace_back(T{}));
}

template <class T>
void remove(wire::MobilityOptions& options) {
  std::erase_if(options, [](const auto& each) { return std::holds_alternative<T>(each); });
}

void name_prefixes(wire::ProxyBindingUpdate& update, const std::vector<Ipv6Prefix>& prefixes) {
  if (prefixes.empty()) return;
  remove<wire::HomeNetworkPrefixOption>(update.options);
  for (const auto& prefix : prefixes) update.options.emplace_back(wire::HomeNetworkPrefixOption::of(prefix));
}

}  // namespace

/// Every other node may be registered by the honest gateways alone.
void Liar::permit(core::LmaConfig& config) {
  std::vector<std::string> honest;
  for (const auto& mag : config.mags) honest.push_back(mag.name);
  for (auto& node : config.mobile_nodes) node.mags = honest;
  config.mags.push_back({"liar", kLiar});
  core::PolicyProfile accomplice;
  accomplice.mn_id = kAccomplice;
  accomplice.services = {"internet"};
  accomplice.mags = {"liar"};
  config.mobile_nodes.push_back(accomplice);
}

Liar::Liar(Domain& domain) : domain_(domain) {
  domain_.network.attach(kLiar, [this](const core::PacketMeta& meta, const Bytes& message) {
    const auto decoded = wire::decode(message, meta.source, meta.destination);
    domain_.world.require(decoded.has_value(), "the liar got what it cannot decode");
    const auto* pba = std::get_if<wire::ProxyBindingAcknowledgement>(&*decoded);
    if (pba == nullptr || !pba->accepted()) return;
    const auto* named = wire::find<wire::MobileNodeIdentifier>(pba->options);
    domain_.world.require(named != nullptr && named->identifier == octets(kAccomplice),
                          "a lie about somebody else's node is believed");
  });
}

std::vector<Ipv6Prefix> Liar::prefixes_of(std::size_t node) const {
  const auto* record = domain_.lma->record_of(mn_id_of(node));
  return record == nullptr ? std::vector<Ipv6Prefix>{} : record->prefixes;
}

wire::ProxyBindingUpdate Liar::claim(const std::string& mn_id, const MacAddress& link_layer) {
  wire::ProxyBindingUpdate update;
  update.sequence = ++sequence_;
  update.acknowledge = update.proxy = true;
  update.lifetime = 5;
  update.options = {wire::MobileNodeIdentifier{wire::MobileNodeIdentifier::kNai, octets(mn_id)},
                    wire::HomeNetworkPrefixOption{},
                    wire::HandoffIndicatorOption{HandoffIndicator::HandoffBetweenMags},
                    wire::AccessTechnologyTypeOption{wire::AccessTechnology::Wlan},
                    wire::MnLinkLayerIdentifier{{link_layer.octets.begin(), link_layer.octets.end()}},
                    wire::TimestampOption::from_wall(domain_.lma->pump.now().wall)};
  return update;
}

/// Every other lie has flows in it: any node's packets, by links that may be nobody's.
void Liar::add_flows(wire::ProxyBindingUpdate& update) {
  if (++flows_told_ % 2 != 0) return;
  const auto number = static_cast<std::uint16_t>(flows_told_);
  wire::TrafficSelector6 web;
  web.next_header = {6, 6};
  if (number % 3 != 0) web.source_port = {443, 443};
  update.options.emplace_back(wire::BindingIdentifierOption{
      number % 5U == 0 ? std::uint16_t{0} : std::uint16_t{1}, 0, false, 64, {}});
  for (std::uint16_t flow = 0; flow < number % 12; ++flow)
    update.options.emplace_back(
        wire::FlowIdentification{static_cast<std::uint16_t>(number % 4 + flow),
                                 static_cast<std::uint16_t>(number % 7),
                                 0,
                                 {wire::BindingReference{{static_cast<std::uint16_t>(number % 3)}},
                                  wire::TrafficSelectorSubOption{web}}});
  if (number % 4 == 0) update.options.emplace_back(wire::FlowSummary{{1, 2, 1024}});
}

void Liar::send(wire::ProxyBindingUpdate update) {
  add_flows(update);
  const auto& lma = domain_.lma->config().address;
  core::SendMessage message{kLiar, lma, wire::encode(update, kLiar, lma)};
  if (!message.mobility_header.empty()) domain_.network.inject(message);
}

void Liar::lie(std::uint64_t kind, Port about) {
  const auto victim = mn_id_of(about.node);
  const auto& mac = domain_.mac_of(about);
  auto& random = domain_.world.random;
  auto update = claim(kind < 7 ? victim : kAccomplice, kind < 7 ? mac : kAccompliceMac);
  auto& handoff = option<wire::HandoffIndicatorOption>(update);
  switch (kind) {
    case 0:  // it has come to me
      handoff.indicator = static_cast<HandoffIndicator>(1 + random.below(6));
      break;
    case 1:  // with all it had
      handoff.indicator = static_cast<HandoffIndicator>(1 + random.below(6));
      name_prefixes(update, prefixes_of(about.node));
      break;
    case 2:  // it has left me
      handoff.indicator = HandoffIndicator::Unknown;
      update.lifetime = 0;
      break;
    case 3:  // it has left another gateway
      update.options.emplace_back(
          wire::AlternateCareOfAddress{domain_.mags[random.below(domain_.mags.size())]->config().address});
      update.lifetime = 0;
      name_prefixes(update, prefixes_of(about.node));
      break;
    case 4:  // another gateway has it
      update.options.emplace_back(
          wire::AlternateCareOfAddress{domain_.mags[random.below(domain_.mags.size())]->config().address});
      break;
    case 5:  // with another service
      update.options.emplace_back(wire::ServiceSelection{octets("video")});
      break;
    case 6:
      return replay_of_others();
    case 7:  // the truth, for once
      break;
    case 8:  // my own node has its prefix
      name_prefixes(update, prefixes_of(about.node));
      handoff.indicator = static_cast<HandoffIndicator>(1 + random.below(6));
      break;
    case 9:  // my own node has its interface
      option<wire::MnLinkLayerIdentifier>(update).identifier.assign(mac.octets.begin(), mac.octets.end());
      break;
    case 10:  // long ago, or not yet
      option<wire::TimestampOption>(update) =
          wire::TimestampOption::from_wall(domain_.lma->pump.now().wall + random.between(-1h, 1h));
      break;
    case 11:  // my own node has left
      update.lifetime = 0;
      name_prefixes(update, prefixes_of(about.node));
      break;
    case 12:  // a prefix that is nobody's
      name_prefixes(update, {Ipv6Prefix::parse("2001:db8:beef::/64").value()});
      break;
    case 14:
      return acknowledge_for_others(about);
    case 15:
      return initiate(about);
    default:  // without what has to be there
      update.options.erase(update.options.begin() +
                           static_cast<std::ptrdiff_t>(random.below(update.options.size())));
      break;
  }
  send(std::move(update));
}

std::vector<wire::MobilityOption> Liar::off_link_prefixes(std::size_t node) const {
  std::vector<wire::MobilityOption> options{
      wire::MobileNodeIdentifier{wire::MobileNodeIdentifier::kNai, octets(mn_id_of(node))}};
  for (const auto& prefix : prefixes_of(node))
    options.emplace_back(wire::HomeNetworkPrefixOption{true, prefix.length, prefix.address});
  return options;
}

/// Flow Mobility Acknowledges that nobody has asked it for, with numbers that may be outstanding: the anchor
/// must not send a flow where its gateway has not said 0.
void Liar::acknowledge_for_others(Port about) {
  const auto& lma = domain_.lma->config().address;
  std::set<std::uint16_t> numbers{static_cast<std::uint16_t>(domain_.world.random.below(0x10000))};
  for (const auto& message : domain_.network.sent()) {
    const auto decoded = wire::decode(message.mobility_header, message.source, message.destination);
    const auto* asked = decoded ? std::get_if<wire::UpdateNotification>(&*decoded) : nullptr;
    if (asked != nullptr) numbers.insert(asked->sequence);
  }
  for (const auto number : numbers) {
    const wire::UpdateNotificationAcknowledgement answer{number, wire::NotificationStatus::Success,
                                                         off_link_prefixes(about.node)};
    domain_.network.inject({kLiar, lma, wire::encode(answer, kLiar, lma)});
  }
}

/// A Flow Mobility Initiate as if it were the anchor: a gateway must not forward what that has not asked for.
void Liar::initiate(Port about) {
  auto& random = domain_.world.random;
  wire::UpdateNotification asked;
  asked.sequence = ++sequence_;
  asked.reason = random.below(2) == 0 ? wire::NotificationReason::FlowMobility
                                      : wire::NotificationReason::ForceReregistration;
  asked.acknowledge = true;
  asked.options = off_link_prefixes(about.node);
  if (random.below(2) == 0) asked.options[0] = off_link_prefixes(random.below(domain_.mns.size()))[0];
  for (const auto& mag : domain_.mags) {
    const auto& to = mag->config().address;
    domain_.network.inject({kLiar, to, wire::encode(asked, kLiar, to)});
  }
}

/// What an honest gateway once said, as its own word.
void Liar::replay_of_others() {
  const auto& sent = domain_.network.sent();
  if (sent.empty()) return;
  const auto& message = sent[domain_.world.random.below(sent.size())];
  const auto decoded = wire::decode(message.mobility_header, message.source, message.destination);
  const auto* pbu = decoded ? std::get_if<wire::ProxyBindingUpdate>(&*decoded) : nullptr;
  if (pbu != nullptr) send(*pbu);
}

bool forge_solicitation(Domain& domain, std::uint64_t kind, Port about, std::size_t mag) {
  Socket socket{mag, domain.access_index(about)};
  core::PacketMeta meta;
  meta.source = Ipv6Address::parse("fe80::f00").value();
  meta.destination = Ipv6Address::parse("ff02::2").value();
  meta.link_source = domain.mac_of(about);
  meta.hop_limit = 255;
  const auto here = domain.access.at(about);
  switch (kind) {
    case 0:  // somebody whom nobody knows
      meta.link_source = {{0x02, 0xf0, 0, 0, 0, static_cast<std::uint8_t>(domain.world.random.below(256))}};
      break;
    case 1:  // from off the link
      meta.hop_limit = 64;
      break;
    case 2:  // the node itself, once more
    case 3:
      if (!here) return false;
      socket = *here;
      if (kind == 3) meta.source = {};
      break;
    default:
      break;
  }
  meta.interface = socket.interface;
  domain.world.trace("test", "forged solicitation at mag" + std::to_string(socket.mag));
  domain.access.to_mag(socket, meta,
                       wire::encode_nd(wire::RouterSolicitation{}, meta.source, meta.destination));
  return kind > 3 && !(here && *here == socket);
}

namespace {

/// One thing about it is not true.
void falsify(Domain& domain, wire::ProxyBindingAcknowledgement& pba) {
  auto& random = domain.world.random;
  auto& options = pba.options;
  const auto give = [&](const char* prefix) {
    remove<wire::HomeNetworkPrefixOption>(options);
    options.emplace_back(wire::HomeNetworkPrefixOption::of(Ipv6Prefix::parse(prefix).value()));
  };
  switch (random.below(14)) {
    case 0:
      pba.sequence = static_cast<std::uint16_t>(random.below(65536));
      break;
    case 1:
      pba.status = static_cast<wire::BindingStatus>(random.below(256));
      break;
    case 2:
      pba.lifetime = static_cast<std::uint16_t>(random.below(65536));
      break;
    case 3:
      pba.lifetime = 0;
      break;
    case 4:
      return remove<wire::HomeNetworkPrefixOption>(options);
    case 5:
      return give("fe80::/64");
    case 6:
      return give("ff02::/64");
    case 7:
      return give("2001:db8:f00::/64");
    case 8: {  // another node's
      const auto* record = domain.lma->record_of(mn_id_of(random.below(domain.mns.size())));
      if (record != nullptr) give(record->prefixes.front().to_string().c_str());
      break;
    }
    case 9:
      remove<wire::MobileNodeIdentifier>(options);
      options.emplace_back(wire::MobileNodeIdentifier{wire::MobileNodeIdentifier::kNai,
                                                      octets(mn_id_of(random.below(domain.mns.size() + 1)))});
      break;
    case 10:
      remove<wire::HandoffIndicatorOption>(options);
      options.emplace_back(wire::HandoffIndicatorOption{static_cast<HandoffIndicator>(random.below(8))});
      break;
    case 11:
      remove<wire::MnLinkLayerIdentifier>(options);
      options.emplace_back(wire::MnLinkLayerIdentifier{Bytes(random.below(12), 7)});
      break;
    case 12:
      options.clear();
      break;
    default:
      pba.proxy = false;
      break;
  }
}

}  // namespace

void rewrite_answer(Domain& domain, core::SendMessage& message) {
  const bool is_answer = message.source == domain.lma->config().address && domain.mag_at(message.destination);
  if (!is_answer || !domain.world.random.chance(0.5)) return;
  const auto decoded = wire::decode(message.mobility_header, message.source, message.destination);
  const auto* pba = decoded ? std::get_if<wire::ProxyBindingAcknowledgement>(&*decoded) : nullptr;
  if (pba == nullptr) return;
  auto nonsense = *pba;
  falsify(domain, nonsense);
  message.mobility_header = wire::encode(nonsense, message.source, message.destination);
}

}  // namespace flowmob::sim
