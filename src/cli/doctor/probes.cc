// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/doctor/doctor.h"
#include "cli/doctor/scratch_namespace.h"

namespace flowmob::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> kernel() {
  ::utsname name{};
  if (::uname(&name) != 0) return absent_errno("uname", errno);
  int major = 0, minor = 0;
  const bool known = std::sscanf(name.release, "%d.%d", &major, &minor) == 2;
  if (known && std::pair(major, minor) < std::pair(6, 1)) return absent(name.release);
  return std::string(name.release);
}

Result<std::string> privileges() {
  if (::geteuid() != 0) return absent(fmt::format("user id {}", ::geteuid()));
  return "root";
}

Result<std::string> ipv6() {
  std::error_code error;
  if (!fs::exists("/proc/net/if_inet6", error)) return absent("the kernel has no IPv6, or it is disabled");
  return std::string("present");
}

bool has_bpf_folder(const fs::path& root) {
  struct ::statfs info {};
  return ::statfs((root / "sys/fs/bpf").c_str(), &info) == 0 && info.f_type == BPF_FS_MAGIC;
}

/// Whoever started us may see more of the machine than its first process, as in a container.
Result<std::string> bpf_folder_here() {
  const fs::path parent = "/proc/" + std::to_string(::getppid()) + "/root";
  return bpf_folder("/", has_bpf_folder(parent) ? parent : "/proc/1/root");
}

Result<std::string> btf() {
  std::error_code error;
  if (!fs::exists("/sys/kernel/btf/vmlinux", error)) return absent("no /sys/kernel/btf/vmlinux");
  return std::string("present");
}

/// libbpf takes a refusal for absence, or for presence: a program that every kernel takes tells.
Result<void> may_use_bpf() {
  constexpr std::array kReturnZero{
      ::bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      ::bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  const int fd = ::bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "look", "GPL", kReturnZero.data(),
                                 kReturnZero.size(), nullptr);
  if (fd < 0 && (fd == -EPERM || fd == -EACCES)) return absent_errno("bpf", -fd);
  if (fd >= 0) ::close(fd);
  return {};
}

std::string missing_of(int outcome) { return outcome == 0 ? "not in this kernel" : std::strerror(-outcome); }

Result<std::string> bpf_programs() {
  if (auto may = may_use_bpf(); !may) return tl::unexpected(may.error());
  const int outcome = ::libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SCHED_CLS, nullptr);
  if (outcome != 1) return absent(missing_of(outcome));
  return std::string("sched_cls");
}

Result<std::string> xdp() {
  if (auto may = may_use_bpf(); !may) return tl::unexpected(may.error());
  const int outcome = ::libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, nullptr);
  if (outcome != 1) return absent(missing_of(outcome));
  return std::string("in this kernel; whether a card has it its driver says");
}

Result<std::string> bpf_maps() {
  if (auto may = may_use_bpf(); !may) return tl::unexpected(may.error());
  constexpr std::array kTypes{BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH,
                              BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY};
  for (const auto type : kTypes) {
    const int outcome = ::libbpf_probe_bpf_map_type(type, nullptr);
    if (outcome != 1)
      return absent(fmt::format("{}: {}", ::libbpf_bpf_map_type_str(type), missing_of(outcome)));
  }
  return std::string("array, hash, LRU, per CPU");
}

Result<std::string> bpf_helpers() {
  if (auto may = may_use_bpf(); !may) return tl::unexpected(may.error());
  struct Helper {
    bpf_func_id id;
    std::string_view name;
  };
  constexpr std::array kHelpers{
      Helper{BPF_FUNC_skb_adjust_room, "skb_adjust_room"},
      Helper{BPF_FUNC_fib_lookup, "fib_lookup"},
      Helper{BPF_FUNC_redirect_neigh, "redirect_neigh"},
      Helper{BPF_FUNC_redirect, "redirect"},
      Helper{BPF_FUNC_skb_load_bytes, "skb_load_bytes"},
      Helper{BPF_FUNC_skb_store_bytes, "skb_store_bytes"},
      Helper{BPF_FUNC_csum_diff, "csum_diff"},
      Helper{BPF_FUNC_skb_change_tail, "skb_change_tail"},
      Helper{BPF_FUNC_skb_pull_data, "skb_pull_data"},
  };
  for (const Helper& helper : kHelpers) {
    const int outcome = ::libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, helper.id, nullptr);
    if (outcome != 1) return absent(fmt::format("bpf_{}: {}", helper.name, missing_of(outcome)));
  }
  return fmt::format("all {}", kHelpers.size());
}

Result<std::string> clsact() {
  return in_scratch_namespace([]() -> Result<std::string> {
    bpf_tc_hook hook{};
    hook.sz = sizeof hook;
    hook.ifindex = 1;
    hook.attach_point = BPF_TC_INGRESS;
    const int outcome = ::bpf_tc_hook_create(&hook);
    if (outcome != 0) return absent_errno("tc", -outcome);
    return std::string("attaches");
  });
}

Result<std::string> mobility_socket() {
  constexpr int kMobilityHeader = 135;
  const int fd = ::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, kMobilityHeader);
  if (fd < 0) return absent_errno("raw socket", errno);
  ::close(fd);
  return std::string("protocol 135");
}

Result<std::string> namespaces() {
  return in_scratch_namespace([]() -> Result<std::string> { return std::string("can be made"); });
}

Result<std::string> veth() { return in_scratch_namespace(make_veth); }
Result<std::string> netem() { return in_scratch_namespace(add_netem); }

template <const char* Name>
Result<std::string> program() {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/sbin:/usr/bin:/sbin:/bin" : path;
  while (!rest.empty()) {
    const auto colon = std::min(rest.find(':'), rest.size());
    const std::string file = std::string(rest.substr(0, colon)) + "/" + Name;
    if (::access(file.c_str(), X_OK) == 0) return file;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return absent("not in PATH");
}
constexpr char kIp[] = "ip", kSysctl[] = "sysctl", kEthtool[] = "ethtool", kCurl[] = "curl",
               kTcpdump[] = "tcpdump", kPython[] = "python3", kSs[] = "ss";

constexpr std::string_view kKernelBuild = "Use a kernel built with it; Debian's, Ubuntu's and Fedora's are.";

constexpr std::array kProbes{
    Probe{"privileges", Need::Daemons, "raw sockets, BPF, interfaces", "Run as root: sudo flowmob doctor.",
          privileges},
    Probe{"kernel", Need::Daemons, "the data plane: 6.1 or newer", "Boot a newer kernel: Debian 12 has 6.1.",
          kernel},
    Probe{"ipv6", Need::Daemons, "everything", "Remove ipv6.disable=1 from the kernel's command line.", ipv6},
    Probe{"mobility-header", Need::Daemons, "signalling between LMA and MAGs", "Run as root.",
          mobility_socket},
    Probe{"bpffs", Need::Daemons, "forwarding that outlives a daemon",
          "mount -t bpf bpf /sys/fs/bpf   (systemd does it by itself; `ip netns exec` hides it, --netns does "
          "not)",
          bpf_folder_here},
    Probe{"bpf-programs", Need::Daemons, "the data plane", kKernelBuild, bpf_programs},
    Probe{"bpf-maps", Need::Daemons, "the data plane", kKernelBuild, bpf_maps},
    Probe{"bpf-helpers", Need::Daemons, "encapsulation and forwarding", "Boot a newer kernel.", bpf_helpers},
    Probe{"clsact", Need::Daemons, "attaching the data plane",
          "modprobe sch_ingress; modprobe cls_bpf   (CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF)", clsact},
    Probe{"namespaces", Need::Lab, "the lab's nodes", kKernelBuild, namespaces},
    Probe{"veth", Need::Lab, "the lab's links; the MN's virtual interface", "modprobe veth   (CONFIG_VETH)",
          veth},
    Probe{"ip", Need::Lab, "the lab's nodes and links", "apt install iproute2", program<kIp>},
    Probe{"sysctl", Need::Lab, "the settings of the lab's nodes", "apt install procps", program<kSysctl>},
    Probe{"ethtool", Need::Lab, "offloads of the lab's links", "apt install ethtool", program<kEthtool>},
    Probe{"xdp", Need::Comfort, "the LMA's downlink in network cards' drivers", kKernelBuild, xdp},
    Probe{"btf", Need::Comfort, "readable maps in bpftool", kKernelBuild, btf},
    Probe{"netem", Need::Comfort, "link emulation in the kernel; flowmob-wire does it without",
          "modprobe sch_netem   (CONFIG_NET_SCH_NETEM; on Fedora: kernel-modules-extra)", netem},
    Probe{"curl", Need::Demo, "the demo's download", "apt install curl", program<kCurl>},
    Probe{"tcpdump", Need::Demo, "the demo's captures", "apt install tcpdump", program<kTcpdump>},
    Probe{"python3", Need::Demo, "the demo's HTTP server", "apt install python3", program<kPython>},
    Probe{"ss", Need::Demo, "what became of the download's TCP connection", "apt install iproute2",
          program<kSs>},
};

}  // namespace

Result<std::string> bpf_folder(const fs::path& root, const fs::path& machine) {
  if (has_bpf_folder(root)) return "/sys/fs/bpf";
  if (has_bpf_folder(machine)) return "/sys/fs/bpf; `ip netns exec` hides it, --netns does not";
  struct ::statfs info {};
  if (::statfs((root / "sys/fs/bpf").c_str(), &info) != 0) return absent_errno("/sys/fs/bpf", errno);
  return absent("nothing mounted at /sys/fs/bpf");
}

std::span<const Probe> doctor_probes() {
  ::libbpf_set_print(nullptr);  // a feature that is not there is our line to write, not libbpf's
  return kProbes;
}

}  // namespace flowmob::cli
