// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/ipv4.h"
#include "daemon/config/load.h"
#include "daemon/config/schema.h"

/// Restrictions and checks that several kinds of file share.
namespace flowmob::daemon::config {

Rule<std::string> file_name();       ///< of a daemon: its sockets and databases are called so
Rule<std::string> label();           ///< of a peer, service, flow or access: for people and commands
Rule<std::string> identifier();      ///< an MN-ID or Service Selection identifier: what an option can carry
Rule<std::string> network_name();    ///< of an access network or access point: as long as an SSID
Rule<std::string> operator_name();   ///< of an access network: a realm or an enterprise number
Rule<std::string> interface_name();  ///< what Linux takes
Rule<Ipv6Address> unicast();
Rule<Ipv6Address> link_local();
Rule<Ipv6Prefix> pool_prefix();       ///< global, at most 64 bits long
Rule<Ipv6Prefix> home_prefix();       ///< global, exactly 64 bits long
Rule<Ipv6Prefix> delegated_prefix();  ///< global, of the lengths that are delegated
Rule<Ipv4Interface> ipv4_router();    ///< a host of a subnet that has room for others
Rule<MacAddress> station();           ///< neither zero nor a group
Rule<Duration> binding_lifetime();    ///< what the Lifetime field can carry, in units of 4 s

/// Says when a value comes a second time, and where it came first.
template <class V>
class Once {
 public:
  Once(std::string what, Diagnostics& diagnostics) : what_(std::move(what)), diagnostics_(diagnostics) {}

  void check(const V& value, const std::string& shown, Position at) {
    if (value == V{}) return;  // missing, which was said
    const auto [first, fresh] = seen_.emplace(value, at);
    if (!fresh)
      diagnostics_.add(at,
                       fmt::format("{} '{}' is already used at line {}", what_, shown, first->second.line),
                       "each " + what_ + " once");
  }
  void check(const std::string& value, Position at) requires std::is_same_v<V, std::string> {
    check(value, value, at);
  }

 private:
  std::string what_;
  Diagnostics& diagnostics_;
  std::map<V, Position> seen_;
};

/// Says when `name` is not one of `known`, and what was probably meant. Of many it names and compares a few.
void check_known(const std::string& what, const std::string& name, const std::vector<std::string>& known,
                 Position at, Diagnostics& diagnostics);

/// Every interface of the lists exists (if `options` can tell) and stands there once.
class InterfaceCheck {
 public:
  InterfaceCheck(const LoadOptions& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics), once_("interface", diagnostics) {}
  void check(const std::string& interface, Position at);
  template <class T>
  void check_list(const std::vector<std::string>& interfaces, const Element<T>& element,
                  std::string_view key) {
    for (std::size_t i = 0; i < interfaces.size(); ++i) check(interfaces[i], element.at(key, i));
    const Node* written = element.node == nullptr ? nullptr : element.node->find(key);
    const auto* items = written == nullptr ? nullptr : written->as<Array>();
    if (items != nullptr && items->empty())
      diagnostics_.add(written->at, fmt::format("'{}' is empty", key), "at least one interface");
  }

 private:
  const LoadOptions& options_;
  Diagnostics& diagnostics_;
  Once<std::string> once_;
};

/// Where the file does not say: /run/flowmob/NAME.sock, /var/lib/flowmob/NAME.db, /sys/fs/bpf/flowmob/NAME.
void fill_paths(DaemonPaths& paths, const std::string& name, bool keeps_state);

}  // namespace flowmob::daemon::config
