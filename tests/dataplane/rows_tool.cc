// SPDX-License-Identifier: Apache-2.0
// Drives a data plane by hand, one command a line on standard input:
//   rows-tool lma BPF LOCAL CORE,... ACCESS,... [auto|tc|xdp]
//     tunnel LOCAL REMOTE | session ID NODE LMA MAG MTU PREFIX [gre] | datapaths | flow ID NODE SESSION |
//     sweep node ID PREFIX DEFAULT-FLOW [FLOW PROTOCOL FIRST-SOURCE-PORT LAST-SOURCE-PORT]... | traffic
//     flow|session ID
//   rows-tool mag BPF LOCAL TRANSPORT,... ACCESS,...
//     host ID INTERFACE NODE-MAC ROUTER-MAC MAG LMA MTU PREFIX [gre] | traffic attachment ID
//   rows-tool vif BPF INTERFACE MEMBER,...
//     member NUMBER INTERFACE MAC up|down | default NUMBER | flows
//   all: drops | teardown
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "platform/dataplane/lma_dataplane.h"
#include "platform/dataplane/mag_dataplane.h"
#include "platform/dataplane/vif_dataplane.h"

namespace flowmob::dataplane {
namespace {

using Words = std::vector<std::string>;

template <class T>
T need(Result<T> result) {
  if (result) {
    if constexpr (std::is_void_v<T>)
      return;
    else
      return std::move(*result);
  }
  fmt::print(stderr, "{}: {}\n", result.error().code, result.error().message);
  std::exit(1);
}

Words split(const std::string& text, char separator) {
  Words words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, separator);)
    if (!word.empty()) words.push_back(word);
  return words;
}

std::uint32_t number(const std::string& text) { return static_cast<std::uint32_t>(std::stoul(text)); }
Ipv6Address address(const std::string& text) { return need(Ipv6Address::parse(text)); }
Ipv6Prefix prefix(const std::string& text) { return need(Ipv6Prefix::parse(text)); }
MacAddress mac(const std::string& text) { return need(MacAddress::parse(text)); }

void print(const Traffic& traffic) {
  fmt::print("{} {} {} {}\n", traffic.down.packets, traffic.down.bytes, traffic.up.packets, traffic.up.bytes);
}

void print(const std::vector<DropCount>& drops) {
  for (const auto& drop : drops)
    if (drop.dropped.packets != 0) fmt::print("{} {}\n", drop.name, drop.dropped.packets);
}

core::Tunnelling tunnelling(const Words& words, std::size_t place) {
  core::Tunnelling how;
  if (words.size() > place && words[place] == "gre") how.encapsulation = core::Encapsulation::Gre;
  return how;
}

core::InstallNode node(const Words& words) {
  core::InstallNode node{
      NodeIndex{number(words.at(1))}, {prefix(words.at(2))}, FlowIndex{number(words.at(3))}, 0, {}};
  for (std::size_t i = 4; i + 3 < words.size(); i += 4) {
    core::ClassifierRule rule;
    const auto protocol = static_cast<std::uint8_t>(number(words[i + 1]));
    rule.order = static_cast<std::uint32_t>(i);
    rule.flow = FlowIndex{number(words[i])};
    rule.selector.next_header = {protocol, protocol};
    rule.selector.source_port = {static_cast<std::uint16_t>(number(words[i + 2])),
                                 static_cast<std::uint16_t>(number(words[i + 3]))};
    node.rules.push_back(rule);
  }
  return node;
}

bool run(LmaDataplane& lma, const Words& words) {
  const std::string& command = words[0];
  if (command == "tunnel") {
    need(lma.ensure_tunnel({address(words.at(1)), address(words.at(2))}));
  } else if (command == "session") {
    need(lma.install_session({SessionId{number(words.at(1))},
                              NodeIndex{number(words.at(2))},
                              address(words.at(3)),
                              address(words.at(4)),
                              {prefix(words.at(6))},
                              static_cast<std::uint16_t>(number(words.at(5))),
                              {},
                              tunnelling(words, 7)}));
  } else if (command == "datapaths") {
    lma.follow_datapaths();
    for (const auto& [name, use] : lma.datapaths())
      fmt::print("{} {} {}\n", name, to_string(use.used), use.reason);
  } else if (command == "flow") {
    need(lma.install_flow(
        {FlowIndex{number(words.at(1))}, NodeIndex{number(words.at(2))}, SessionId{number(words.at(3))}}));
  } else if (command == "node") {
    need(lma.install_node(node(words)));
  } else if (command == "sweep") {
    fmt::print("{}\n", need(lma.sweep()));
  } else if (command == "traffic") {
    const auto id = number(words.at(2));
    print((words.at(1) == "flow" ? lma.flow_traffic(FlowIndex{id}) : lma.session_traffic(SessionId{id}))
              .value_or(Traffic{}));
  } else {
    return false;
  }
  return true;
}

bool run(MagDataplane& mag, const Words& words) {
  if (words[0] == "traffic") {
    print(mag.attachment_traffic(SessionId{number(words.at(2))}).value_or(Traffic{}));
    return true;
  }
  if (words[0] != "host") return false;
  const auto index = need(interface_index(words.at(2)));
  need(mag.install_host({SessionId{number(words.at(1))},
                         index,
                         mac(words.at(3)),
                         mac(words.at(4)),
                         {prefix(words.at(8))},
                         address(words.at(5)),
                         address(words.at(6)),
                         static_cast<std::uint16_t>(number(words.at(7))),
                         {},
                         tunnelling(words, 9)}));
  return true;
}

bool run(VifDataplane& vif, const Words& words) {
  if (words[0] == "member") {
    const auto index = need(interface_index(words.at(2)));
    need(vif.set_member({number(words.at(1)), index, mac(words.at(3)), words.at(4) == "up", {}}));
  } else if (words[0] == "default") {
    need(vif.set_default_member(number(words.at(1))));
  } else if (words[0] == "flows") {
    for (const auto& flow : vif.flows())
      fmt::print("{} {} {} {} {} {} {}\n", flow.protocol, flow.source_port, flow.destination_port,
                 flow.member, flow.moves, flow.traffic.down.packets, flow.traffic.up.packets);
  } else {
    return false;
  }
  return true;
}

template <class Dataplane, class Options>
int serve(const Options& options) {
  auto dataplane = need(Dataplane::open(options));
  for (std::string line; std::getline(std::cin, line);) {
    const Words words = split(line, ' ');
    if (words.empty() || run(*dataplane, words)) {
    } else if (words[0] == "drops") {
      print(dataplane->drops());
    } else if (words[0] == "teardown") {
      need(Dataplane::teardown(options));
    } else {
      fmt::print(stderr, "what is \"{}\"?\n", line);
      return 1;
    }
    fmt::print("ok\n");
    std::fflush(stdout);
  }
  return 0;
}

int serve(const Words& arguments) {
  const std::string& role = arguments.at(0);
  if (role == "lma") {
    LmaDataplaneOptions options;
    options.bpf_dir = arguments.at(1);
    options.local = address(arguments.at(2));
    options.core_interfaces = split(arguments.at(3), ',');
    options.access_interfaces = split(arguments.at(4), ',');
    if (arguments.size() > 5)
      options.datapath = arguments[5] == "xdp"  ? Datapath::Xdp
                         : arguments[5] == "tc" ? Datapath::Tc
                                                : Datapath::Auto;
    return serve<LmaDataplane>(options);
  }
  if (role == "mag") {
    MagDataplaneOptions options;
    options.bpf_dir = arguments.at(1);
    options.local = address(arguments.at(2));
    options.transport_interfaces = split(arguments.at(3), ',');
    options.access_interfaces = split(arguments.at(4), ',');
    return serve<MagDataplane>(options);
  }
  VifDataplaneOptions options;
  options.bpf_dir = arguments.at(1);
  options.interface = arguments.at(2);
  options.members = split(arguments.at(3), ',');
  return serve<VifDataplane>(options);
}

}  // namespace
}  // namespace flowmob::dataplane

int main(int argc, char** argv) { return flowmob::dataplane::serve({argv + 1, argv + argc}); }
