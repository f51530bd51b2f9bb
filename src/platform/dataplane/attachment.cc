// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>

#include "platform/dataplane/libbpf_log.h"
#include "platform/errno_error.h"
#include "platform/unique_fd.h"

namespace flowmob::dataplane {
namespace {

constexpr std::uint32_t kHandle = 1;
constexpr std::uint32_t kFirstPriority = 0x666d;  // "fm", so that ours are told from others' in `tc filter`
constexpr std::uint32_t kRanks = 2;

bpf_tc_hook hook_of(InterfaceIndex interface, Hook hook) {
  bpf_tc_hook at{};
  at.sz = sizeof(at);
  at.ifindex = static_cast<int>(interface.value);
  at.attach_point = hook == Hook::Ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
  return at;
}

bpf_tc_opts options_of(std::uint32_t rank) {
  bpf_tc_opts options{};
  options.sz = sizeof(options);
  options.handle = kHandle;
  options.priority = kFirstPriority + rank;
  return options;
}

/// The program at that place, 0 if there is none.
std::uint32_t program_at(InterfaceIndex interface, const Attachment& place) {
  const bpf_tc_hook hook = hook_of(interface, place.hook);
  bpf_tc_opts options = options_of(place.rank);
  return bpf_tc_query(&hook, &options) == 0 ? options.prog_id : 0;
}

bool same_place(const Attachment& a, const Attachment& b) {
  return a.interface == b.interface && a.hook == b.hook && a.rank == b.rank;
}

std::vector<Attachment> places_of(const std::string& interface) {
  std::vector<Attachment> places;
  for (const Hook hook : {Hook::Ingress, Hook::Egress})
    for (std::uint32_t rank = 0; rank < kRanks; ++rank)
      places.push_back({interface, hook, "a program", rank});
  return places;
}

std::vector<Attachment> all_places() {
  std::vector<Attachment> places;
  struct if_nameindex* const all = ::if_nameindex();
  for (const struct if_nameindex* one = all; one != nullptr && one->if_index != 0; ++one)
    std::ranges::copy(places_of(one->if_name), std::back_inserter(places));
  if (all != nullptr) ::if_freenameindex(all);
  return places;
}

}  // namespace

bool uses_map(std::uint32_t program, std::uint32_t map) {
  const platform::UniqueFd fd(bpf_prog_get_fd_by_id(program));
  std::array<std::uint32_t, 64> maps{};
  bpf_prog_info info{};
  info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
  info.nr_map_ids = maps.size();
  std::uint32_t size = sizeof(info);
  if (fd.get() < 0 || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) return false;
  return std::ranges::count(maps.begin(),
                            maps.begin() + std::min<std::uint32_t>(info.nr_map_ids, maps.size()), map) > 0;
}

Result<std::uint32_t> map_number(int map_fd) {
  bpf_map_info map{};
  std::uint32_t size = sizeof(map);
  if (bpf_obj_get_info_by_fd(map_fd, &map, &size) != 0)
    return platform::fail_errno("bpf-map", "cannot ask for a map's number", errno);
  return map.id;
}

std::vector<std::string> programs_at(InterfaceIndex interface, Hook hook) {
  std::vector<std::string> names;
  for (std::uint32_t rank = 0; rank < kRanks; ++rank) {
    const auto id = program_at(interface, {{}, hook, {}, rank});
    const platform::UniqueFd fd(id != 0 ? bpf_prog_get_fd_by_id(id) : -1);
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    if (fd.get() >= 0 && bpf_obj_get_info_by_fd(fd.get(), &info, &size) == 0) names.emplace_back(info.name);
  }
  return names;
}

Result<InterfaceIndex> interface_index(const std::string& name) {
  const unsigned index = ::if_nametoindex(name.c_str());
  if (index == 0) return fail("no-such-interface", fmt::format("there is no interface \"{}\"", name));
  return InterfaceIndex{index};
}

Result<void> attach(const Attachment& attachment, int program_fd) {
  const LibbpfLog log;
  const auto index = interface_index(attachment.interface);
  if (!index) return tl::unexpected(index.error());
  bpf_tc_hook hook = hook_of(*index, attachment.hook);
  const int created = bpf_tc_hook_create(&hook);
  if (created != 0 && created != -EEXIST)
    return platform::fail_errno("tc-attach", "cannot add clsact to " + attachment.interface, -created);
  bpf_tc_opts options = options_of(attachment.rank);
  options.prog_fd = program_fd;
  options.flags = BPF_TC_F_REPLACE;
  const int attached = bpf_tc_attach(&hook, &options);
  if (attached != 0)
    return platform::fail_errno(
        "tc-attach", fmt::format("cannot attach {} to {}", attachment.program, attachment.interface),
        -attached);
  return {};
}

Result<void> detach(const Attachment& attachment) {
  const auto index = interface_index(attachment.interface);
  return index ? detach(*index, attachment.hook, attachment.rank) : Result<void>();
}

Result<void> detach(InterfaceIndex interface, Hook hook, std::uint32_t rank) {
  const LibbpfLog log;
  const bpf_tc_hook at = hook_of(interface, hook);
  const bpf_tc_opts options = options_of(rank);
  const int detached = bpf_tc_detach(&at, &options);
  if (detached == 0 || detached == -ENOENT || detached == -EINVAL || detached == -ENODEV) return {};
  return platform::fail_errno("tc-detach", fmt::format("cannot detach from interface {}", interface.value),
                              -detached);
}

Result<void> detach_others(const std::vector<Attachment>& wanted, int map_fd) {
  const LibbpfLog log;
  const auto map = map_number(map_fd);
  if (!map) return tl::unexpected(map.error());
  for (const Attachment& place : all_places()) {
    if (std::ranges::any_of(wanted, [&](const Attachment& a) { return same_place(a, place); })) continue;
    const auto index = interface_index(place.interface);
    const auto program = index ? program_at(*index, place) : 0;
    if (program == 0 || !uses_map(program, *map)) continue;
    if (auto detached = detach(place); !detached) return detached;
  }
  return {};
}

}  // namespace flowmob::dataplane
