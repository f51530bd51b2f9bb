// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/rules.h"

#include <sys/un.h>

#include <algorithm>
#include <set>

#include "core/delegated_prefix.h"
#include "daemon/config/path_keys.h"
#include "daemon/config/spelling.h"

namespace flowmob::daemon::config {
namespace {

bool is_word(const std::string& text, std::size_t longest) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !text.empty() && text.size() <= longest && text.find_first_not_of(kAllowed) == std::string::npos &&
         text[0] != '.' && text[0] != '-';
}

bool is_interface(const std::string& text) {
  constexpr std::size_t kLongest = 15;  // IFNAMSIZ less the NUL
  const bool special = text == "." || text == "..";
  return !text.empty() && text.size() <= kLongest && !special &&
         std::ranges::all_of(text,
                             [](unsigned char c) { return c > ' ' && c != '/' && c != ':' && c < 0x7f; });
}

}  // namespace

Rule<std::string> file_name() {
  return {"1 to 32 letters, digits, '.', '_' or '-'", [](const auto& text) { return is_word(text, 32); }};
}
Rule<std::string> label() {
  return {"1 to 64 letters, digits, '.', '_' or '-'", [](const auto& text) { return is_word(text, 64); }};
}
Rule<std::string> identifier() {
  // One octet of the option's length is the subtype (RFC 4283 section 3).
  return {"1 to 254 octets", [](const auto& text) { return !text.empty() && text.size() <= 254; }};
}
Rule<std::string> network_name() {
  return {"1 to 32 octets", [](const auto& text) { return !text.empty() && text.size() <= 32; }};
}
Rule<std::string> operator_name() {
  return {"a realm or an enterprise number below 2^32", [](const auto& text) {
            if (text.find_first_not_of("0123456789") == std::string::npos)
              return !text.empty() && text.size() <= 10 && std::stoull(text) <= 0xffffffff;
            return is_word(text, 253);
          }};
}
Rule<std::string> interface_name() {
  return {"an interface name of at most 15 characters", [](const auto& text) { return is_interface(text); }};
}
Rule<Ipv6Address> unicast() {
  return {"a unicast address that is not link-local", [](const auto& address) {
            const auto first = from_mapped(address).octets[0];
            const bool is_ipv4_host = first != 0 && first != 127 && first < 224;
            return address.is_routable_unicast() && (!is_mapped(address) || is_ipv4_host);
          }};
}
Rule<Ipv6Address> link_local() {
  return {"a link-local address (fe80::/10)", [](const auto& address) { return address.is_link_local(); }};
}
Rule<Ipv6Prefix> pool_prefix() {
  return {"a unicast prefix of 8 to 64 bits: home network prefixes are /64", [](const auto& prefix) {
            return prefix.length >= 8 && prefix.length <= 64 && prefix.address.is_routable_unicast();
          }};
}
Rule<Ipv6Prefix> home_prefix() {
  return {"a unicast prefix of exactly 64 bits (/64)",
          [](const auto& prefix) { return prefix.length == 64 && prefix.address.is_routable_unicast(); }};
}
Rule<Ipv6Prefix> delegated_prefix() {
  return {fmt::format("a unicast prefix of {} to {} bits", core::kShortestDelegated, core::kLongestDelegated),
          &core::may_be_delegated};
}
Rule<Ipv4Interface> ipv4_router() {
  return {"a host of a subnet of 8 to 30 bits", [](const auto& router) {
            return router.length >= 8 && router.length <= 30 && router.address != router.first() &&
                   router.address != router.last();
          }};
}
Rule<MacAddress> station() {
  return {"the MAC address of one station",
          [](const auto& mac) { return !mac.is_zero() && (mac.octets[0] & 1) == 0; }};
}

Rule<Duration> binding_lifetime() {
  constexpr auto kUnit = std::chrono::seconds(4);  // RFC 6275 section 6.1.7
  return between<Duration>(kUnit, kUnit * 65535);
}
Rule<std::filesystem::path> socket_path() {
  constexpr std::size_t kLongest = sizeof(sockaddr_un{}.sun_path) - 1;
  return {fmt::format("an absolute path of at most {} characters", kLongest),
          [](const auto& path) { return path.native().size() <= kLongest; }};
}

void check_known(const std::string& what, const std::string& name, const std::vector<std::string>& known,
                 Position at, Diagnostics& diagnostics) {
  if (std::ranges::find(known, name) != known.end()) return;
  constexpr std::size_t kShown = 20, kCompared = 1000;  // mobile nodes there may be a million
  std::vector<std::string_view> once;  // a name that stands in the file twice is another mistake
  std::set<std::string_view> seen;
  for (const std::string& each : known) {
    if (!seen.insert(each).second) continue;
    once.push_back(once.size() < kShown ? std::string_view(each) : "...");
    if (once.size() > kShown) break;
  }
  const auto end = known.begin() + static_cast<std::ptrdiff_t>(std::min(known.size(), kCompared));
  const auto meant = did_you_mean(name, std::vector<std::string_view>(known.begin(), end));
  diagnostics.add(at, fmt::format("unknown {} '{}'", what, name),
                  meant           ? fmt::format("'{}' (did you mean that?)", *meant)
                  : known.empty() ? fmt::format("the {} to be configured", what)
                                  : fmt::format("one of {}", fmt::join(once, ", ")));
}

void InterfaceCheck::check(const std::string& interface, Position at) {
  once_.check(interface, at);
  if (!interface.empty() && options_.interface_exists && !options_.interface_exists(interface))
    diagnostics_.add(at, fmt::format("there is no interface '{}' here", interface),
                     "one that `ip link` shows");
}

void fill_paths(DaemonPaths& paths, const std::string& name, bool keeps_state) {
  if (paths.control.empty()) paths.control = "/run/flowmob/" + name + ".sock";
  if (paths.state.empty() && keeps_state) paths.state = "/var/lib/flowmob/" + name + ".db";
  if (paths.bpf.empty()) paths.bpf = "/sys/fs/bpf/flowmob/" + name;
}

}  // namespace flowmob::daemon::config
