// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/attachment.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>

#include "platform/dataplane/libbpf_log.h"
#include "platform/errno_error.h"

namespace flowmob::dataplane {
namespace {

constexpr std::uint32_t kHandle = 1;
constexpr std::uint32_t kFirstPriority = 0x666d;  // "fm", so that ours are told from others' in `tc filter`

bpf_tc_hook hook_of(InterfaceIndex interface, Hook hook) {
  bpf_tc_hook at{};
  at.sz = sizeof(at);
  at.ifindex = static_cast<int>(interface.value);
  at.attach_point = hook == Hook::Ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
  return at;
}

bpf_tc_opts options_of(const Attachment& attachment) {
  bpf_tc_opts options{};
  options.sz = sizeof(options);
  options.handle = kHandle;
  options.priority = kFirstPriority + attachment.rank;
  return options;
}

}  // namespace

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
  bpf_tc_opts options = options_of(attachment);
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
  const LibbpfLog log;
  const auto index = interface_index(attachment.interface);
  if (!index) return {};
  const bpf_tc_hook hook = hook_of(*index, attachment.hook);
  const bpf_tc_opts options = options_of(attachment);
  const int detached = bpf_tc_detach(&hook, &options);
  if (detached == 0 || detached == -ENOENT || detached == -EINVAL) return {};
  return platform::fail_errno(
      "tc-detach", fmt::format("cannot detach {} from {}", attachment.program, attachment.interface),
      -detached);
}

}  // namespace flowmob::dataplane
