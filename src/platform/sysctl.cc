// SPDX-License-Identifier: Apache-2.0
#include "platform/sysctl.h"

#include <fcntl.h>

#include <charconv>

#include "platform/errno_error.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {
namespace {

// /proc/sys/net shows the namespace of the thread that opens the file, so nothing is to be kept open here.
constexpr std::string_view kRoot = "/proc/sys/net/";

std::string_view file_name(Ipv6Setting setting) {
  switch (setting) {
    case Ipv6Setting::Forwarding:
      return "forwarding";
    case Ipv6Setting::AcceptRa:
      return "accept_ra";
    case Ipv6Setting::AddrGenMode:
      return "addr_gen_mode";
    case Ipv6Setting::DisableIpv6:
      return "disable_ipv6";
    case Ipv6Setting::AcceptDad:
      return "accept_dad";
    case Ipv6Setting::DadTransmits:
      return "dad_transmits";
    case Ipv6Setting::RouterSolicitations:
      return "router_solicitations";
    case Ipv6Setting::Mtu:
      return "mtu";
  }
  return "";
}

Result<std::string> ipv6_path(std::string_view interface, Ipv6Setting setting) {
  if (interface.empty() || interface == "." || interface == ".." ||
      interface.find('/') != std::string_view::npos) {
    return fail("bad-interface-name", "'" + std::string(interface) + "' cannot name an interface");
  }
  return "ipv6/conf/" + std::string(interface) + '/' + std::string(file_name(setting));
}

tl::unexpected<Error> fail_sysctl(const std::string& path, int number) {
  const char* code = number == ENOENT   ? "no-such-setting"
                     : number == EACCES ? "not-permitted"
                                        : "sysctl-failed";
  return fail_errno(code, path, number);
}

}  // namespace

Result<void> write_net_sysctl(std::string_view path, std::string_view value) {
  const std::string file = std::string(kRoot) + std::string(path);
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), value.data(), value.size()) < 0) return fail_sysctl(file, errno);
  return {};
}

Result<std::string> read_net_sysctl(std::string_view path) {
  const std::string file = std::string(kRoot) + std::string(path);
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  char text[256];
  const ::ssize_t count = fd ? ::read(fd.get(), text, sizeof text) : -1;
  if (count < 0) return fail_sysctl(file, errno);
  std::string value(text, static_cast<std::size_t>(count));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

Result<void> set_ipv6(std::string_view interface, Ipv6Setting setting, int value) {
  const auto path = ipv6_path(interface, setting);
  if (!path) return tl::unexpected(path.error());
  return write_net_sysctl(*path, std::to_string(value));
}

Result<int> get_ipv6(std::string_view interface, Ipv6Setting setting) {
  const auto path = ipv6_path(interface, setting);
  if (!path) return tl::unexpected(path.error());
  const auto text = read_net_sysctl(*path);
  if (!text) return tl::unexpected(text.error());
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc()) return fail("sysctl-failed", *path + ": not a number: " + *text);
  return value;
}

}  // namespace flowmob::platform
