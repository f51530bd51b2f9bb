// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <ostream>

#include "platform/unique_fd.h"

namespace flowmob::dataplane::testing {
namespace {

struct InterfaceForTest {
  std::string_view name, mac;
};
constexpr InterfaceForTest kInterfaces[] = {{"core0", kCoreMac},   {"acc1", kAccess1Mac},
                                            {"acc2", kAccess2Mac}, {"if1", kMember1Mac},
                                            {"if2", kMember2Mac},  {"vif0", kVifMac}};

/// Routers' addresses and routes, so that the tunnels lead somewhere.
class Namespace : public ::testing::Environment {
 public:
  void SetUp() override {
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "these tests need root";
    ASSERT_EQ(std::system("mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf"), 0);
    ASSERT_EQ(std::system("sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.forwarding=1"), 0);
    ip_command("link set lo up");
    for (const auto& [name, mac] : kInterfaces) {
      ip_command(fmt::format("link add {0} address {1} type veth peer name {0}-peer", name, mac));
      ip_command(fmt::format("link set {} up", name));
      ip_command(fmt::format("link set {}-peer up", name));
    }
    ip_command("address add 2001:db8:1::1/64 dev acc1 nodad");
    ip_command("address add 2001:db8:2::1/64 dev acc2 nodad");
    ip_command("route add 2001:db8:a::/64 via 2001:db8:1::2");
    ip_command("route add 2001:db8:b::/64 via 2001:db8:2::2");
    ip_command("route add 2001:db8:f::/64 via 2001:db8:1::2");
  }
};

const auto* const registered = ::testing::AddGlobalTestEnvironment(new Namespace);

constexpr int kTailCallFailed = 99;

using Code = std::vector<bpf_insn>;
constexpr std::uint8_t kSet = BPF_ALU64 | BPF_MOV | BPF_K, kCopy = BPF_ALU64 | BPF_MOV | BPF_X,
                       kAdd = BPF_ALU64 | BPF_ADD | BPF_K, kCall = BPF_JMP | BPF_CALL;

bpf_insn instruction(std::uint8_t code, std::uint8_t to, std::uint8_t from, std::int32_t value) {
  bpf_insn made{};
  made.code = code;
  made.dst_reg = to & 0xf;
  made.src_reg = from & 0xf;
  made.imm = value;
  return made;
}

/// BPF_PROG_TEST_RUN has no tags to give.
Code put_tags_on(const std::vector<Tag>& tags) {
  Code code;
  for (auto tag = tags.rbegin(); tag != tags.rend(); ++tag) {
    const Code push{instruction(kCopy, 1, 6, 0), instruction(kSet, 2, 0, ::htons(tag->protocol)),
                    instruction(kSet, 3, 0, tag->id), instruction(kCall, 0, 0, BPF_FUNC_skb_vlan_push)};
    code.insert(code.end(), push.begin(), push.end());
  }
  return code;
}

/// Nor packets without a link-layer header. Room can be taken away behind that header only: what stood there
/// overwrites it.
Code take_header_off() {
  constexpr int kHeader = 14;
  return {instruction(kCopy, 1, 6, 0),
          instruction(kSet, 2, 0, kHeader),
          instruction(kCopy, 3, 10, 0),
          instruction(kAdd, 3, 0, -16),
          instruction(kSet, 4, 0, kHeader),
          instruction(kCall, 0, 0, BPF_FUNC_skb_load_bytes),
          instruction(kCopy, 1, 6, 0),
          instruction(kSet, 2, 0, -kHeader),
          instruction(kSet, 3, 0, BPF_ADJ_ROOM_MAC),
          instruction(kSet, 4, 0, 0),
          instruction(kCall, 0, 0, BPF_FUNC_skb_adjust_room),
          instruction(kCopy, 1, 6, 0),
          instruction(kSet, 2, 0, 0),
          instruction(kCopy, 3, 10, 0),
          instruction(kAdd, 3, 0, -16),
          instruction(kSet, 4, 0, kHeader),
          instruction(kSet, 5, 0, 0),
          instruction(kCall, 0, 0, BPF_FUNC_skb_store_bytes)};
}

/// Does something to a frame, with the context in register 6, and goes on to the program under test.
class Preparation {
 public:
  Preparation(int program, const Code& steps) {
    const std::uint32_t first = 0;
    next_ = platform::UniqueFd(
        bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "next", sizeof first, sizeof program, 1, nullptr));
    EXPECT_EQ(bpf_map_update_elem(next_.get(), &first, &program, BPF_ANY), 0);
    const auto code = with_ends(steps);
    fd_ = platform::UniqueFd(
        bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "preparation", "GPL", code.data(), code.size(), nullptr));
    EXPECT_TRUE(fd_) << "the preparation was not loaded";
  }
  int fd() const { return fd_.get(); }

 private:
  Code with_ends(const Code& steps) const {
    Code code{instruction(kCopy, 6, 1, 0)};
    code.insert(code.end(), steps.begin(), steps.end());
    const Code go_on{instruction(kCopy, 1, 6, 0),
                     instruction(BPF_LD | BPF_DW | BPF_IMM, 2, BPF_PSEUDO_MAP_FD, next_.get()),
                     instruction(0, 0, 0, 0),
                     instruction(kSet, 3, 0, 0),
                     instruction(kCall, 0, 0, BPF_FUNC_tail_call),
                     instruction(kSet, 0, 0, kTailCallFailed),
                     instruction(BPF_JMP | BPF_EXIT, 0, 0, 0)};
    code.insert(code.end(), go_on.begin(), go_on.end());
    return code;
  }

  platform::UniqueFd next_, fd_;
};

/// BPF_PROG_TEST_RUN.
Outcome run_program(int program, std::string_view interface, const Bytes& frame, std::string_view from = {}) {
  __sk_buff context{};
  context.ifindex = index_of(interface);
  if (!from.empty()) context.ingress_ifindex = index_of(from);
  Bytes out(frame.size() + 2000);
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<__u32>(frame.size());
  options.data_out = out.data();
  options.data_size_out = static_cast<__u32>(out.size());
  options.ctx_in = &context;
  options.ctx_size_in = sizeof(context);
  options.repeat = 1;
  const int result = bpf_prog_test_run_opts(program, &options);
  EXPECT_EQ(result, 0) << "the program did not run";
  out.resize(options.data_size_out);
  return {static_cast<Verdict>(static_cast<int>(options.retval)), out};
}

}  // namespace

void PrintTo(Verdict verdict, std::ostream* out) {
  switch (verdict) {
    case Verdict::Pass:
      *out << "pass";
      return;
    case Verdict::Drop:
      *out << "drop";
      return;
    case Verdict::Redirect:
      *out << "redirect";
      return;
  }
  *out << static_cast<int>(verdict);
}

Outcome run(const BpfObject& object, const std::string& program, std::string_view interface,
            const Bytes& frame, std::string_view from) {
  return run_program(object.program_fd(program), interface, frame, from);
}

Outcome run_tagged(const BpfObject& object, const std::string& program, std::string_view interface,
                   const Bytes& frame, const std::vector<Tag>& tags) {
  const Preparation prepared(object.program_fd(program), put_tags_on(tags));
  return run_program(prepared.fd(), interface, frame);
}

Outcome run_raw_ip(const BpfObject& object, const std::string& program, std::string_view interface,
                   const Bytes& packet) {
  const Preparation prepared(object.program_fd(program), take_header_off());
  const bool is_ipv4 = packet.at(0) >> 4 == 4;
  return run_program(prepared.fd(), interface,
                     frame("00:00:00:00:00:00", kPeerMac, packet, is_ipv4 ? 0x0800 : 0x86dd));
}

/// A way to the other end of a tunnel holds until the kernel's clock ticks, a hundred times a second or more
/// often.
void ip_command(const std::string& line) {
  ASSERT_EQ(std::system(("ip " + line).c_str()), 0) << "ip " << line;
  ::usleep(20'000);
}

std::uint32_t index_of(std::string_view interface) {
  return ::if_nametoindex(std::string(interface).c_str());
}

XdpOutcome run_xdp(const BpfObject& object, const std::string& program, std::string_view interface,
                   const Bytes& frame) {
  xdp_md context{};
  context.ingress_ifindex = index_of(interface);
  context.data_end = static_cast<__u32>(frame.size());
  Bytes out(frame.size() + 200);
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<__u32>(frame.size());
  options.data_out = out.data();
  options.data_size_out = static_cast<__u32>(out.size());
  options.ctx_in = &context;
  options.ctx_size_in = sizeof(context);
  options.repeat = 1;
  EXPECT_EQ(bpf_prog_test_run_opts(object.program_fd(program), &options), 0) << "the program did not run";
  EXPECT_TRUE(options.retval == XDP_PASS || options.retval == XDP_REDIRECT) << options.retval;
  out.resize(options.data_size_out);
  return {options.retval == XDP_REDIRECT, out};
}

std::filesystem::path bpf_directory() {
  return fmt::format("/sys/fs/bpf/fm-{}-packets", static_cast<int>(::getpid()));
}

std::uint64_t packets_dropped(const std::vector<DropCount>& drops, std::string_view reason) {
  for (const auto& drop : drops)
    if (drop.name == reason) return drop.dropped.packets;
  ADD_FAILURE() << "there is no reason \"" << reason << '"';
  return 0;
}

std::uint64_t packets_dropped(const std::vector<DropCount>& drops) {
  std::uint64_t all = 0;
  for (const auto& drop : drops) all += drop.dropped.packets;
  return all;
}

::testing::AssertionResult dropped_for(const Outcome& outcome, const std::vector<DropCount>& drops,
                                       std::string_view reason) {
  if (outcome.verdict == Verdict::Drop && packets_dropped(drops, reason) == 1 && packets_dropped(drops) == 1)
    return ::testing::AssertionSuccess();
  auto failure = ::testing::AssertionFailure()
                 << "verdict " << ::testing::PrintToString(outcome.verdict) << ", counted:";
  for (const auto& drop : drops)
    if (drop.dropped.packets) failure << ' ' << drop.name << '=' << drop.dropped.packets;
  return failure;
}

}  // namespace flowmob::dataplane::testing
