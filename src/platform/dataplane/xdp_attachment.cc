// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/xdp_attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>
#include <string>

#include "platform/dataplane/attachment.h"
#include "platform/dataplane/libbpf_log.h"
#include "platform/errno_error.h"
#include "platform/unique_fd.h"

namespace flowmob::dataplane {
namespace {

constexpr std::uint32_t kNative = XDP_FLAGS_DRV_MODE;

/// The programs of an interface, whatever runs them: 0 if there is none.
struct XdpThere {
  std::uint32_t native = 0;
  std::uint32_t other = 0;  ///< generic, or in the card
};

XdpThere xdp_at(InterfaceIndex interface) {
  bpf_xdp_query_opts query{};
  query.sz = sizeof(query);
  if (bpf_xdp_query(static_cast<int>(interface.value), 0, &query) != 0) return {};
  // Where there is one alone, `prog_id` is it, and some kernels say nothing else.
  XdpThere there{query.drv_prog_id, std::max(query.skb_prog_id, query.hw_prog_id)};
  if (there.native == 0 && query.attach_mode == XDP_ATTACHED_DRV) there.native = query.prog_id;
  if (there.native == 0 && there.other == 0) there.other = query.prog_id;
  return there;
}

/// What the driver said, of all that libbpf wrote about it.
std::string words_of_driver(const std::string& log, int error) {
  constexpr std::string_view kBefore = "Kernel error message: ";
  const auto at = log.rfind(kBefore);
  if (at == std::string::npos) return platform::errno_error("", "", error).message;
  const auto start = at + kBefore.size();
  return log.substr(start, log.find('\n', start) - start);
}

Result<void> set_program(InterfaceIndex interface, int program_fd, std::uint32_t replaced) {
  const LibbpfLog log;
  const platform::UniqueFd old(replaced == 0 ? -1 : bpf_prog_get_fd_by_id(replaced));
  bpf_xdp_attach_opts options{};
  options.sz = sizeof(options);
  options.old_prog_fd = old.get();
  // Somebody else may have come in between: the kernel is told what is expected there.
  const std::uint32_t expected = replaced != 0 ? XDP_FLAGS_REPLACE : XDP_FLAGS_UPDATE_IF_NOEXIST;
  const int done = bpf_xdp_attach(static_cast<int>(interface.value), program_fd, kNative | expected,
                                  replaced != 0 ? &options : nullptr);
  if (done == 0) return {};
  return fail("xdp-attach", words_of_driver(log.tail(), -done));
}

}  // namespace

Result<void> attach_xdp(InterfaceIndex interface, int program_fd, int own_map_fd) {
  const auto map = map_number(own_map_fd);
  if (!map) return tl::unexpected(map.error());
  const XdpThere there = xdp_at(interface);
  if (there.other != 0 || (there.native != 0 && !uses_map(there.native, *map)))
    return fail("xdp-foreign", fmt::format("somebody else's XDP program (number {}) is there",
                                           std::max(there.native, there.other)));
  return set_program(interface, program_fd, there.native);
}

bool has_own_xdp(InterfaceIndex interface, int own_map_fd) {
  const auto map = map_number(own_map_fd);
  const auto there = xdp_at(interface).native;
  return map && there != 0 && uses_map(there, *map);
}

Result<void> detach_xdp_others(const std::set<InterfaceIndex>& kept, int own_map_fd) {
  Result<void> first;
  struct if_nameindex* const all = ::if_nameindex();
  for (const struct if_nameindex* one = all; one != nullptr && one->if_index != 0; ++one) {
    const InterfaceIndex interface { one->if_index };
    if (kept.contains(interface) || !has_own_xdp(interface, own_map_fd)) continue;
    auto taken = set_program(interface, -1, xdp_at(interface).native);
    if (first && !taken) first = std::move(taken);
  }
  if (all != nullptr) ::if_freenameindex(all);
  return first;
}

}  // namespace flowmob::dataplane
