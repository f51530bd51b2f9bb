// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor/scratch_namespace.h"

#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "cli/doctor/doctor.h"

namespace flowmob::cli {
namespace {

/// What the child says through the pipe: '+' and a detail, '-' and a reason, or '?' if it may not look.
[[noreturn]] void run_child(int pipe_end, Result<std::string> (*probe)()) {
  Result<std::string> seen =
      ::unshare(CLONE_NEWNET) == 0 ? probe() : Result<std::string>(absent_errno("network namespace", errno));
  const std::string line = seen                               ? "+" + *seen
                           : seen.error().code == kNotAllowed ? "?" + seen.error().message
                                                              : "-" + seen.error().message;
  const bool said = ::write(pipe_end, line.data(), line.size()) == static_cast<::ssize_t>(line.size());
  ::_exit(said ? 0 : 1);
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 512> chunk{};
  for (::ssize_t count = 0; (count = ::read(fd, chunk.data(), chunk.size())) > 0;)
    text.append(chunk.data(), static_cast<std::size_t>(count));
  return text;
}

/// Sends one rtnetlink request and gives the kernel's verdict: 0 or an errno.
int request(::nlmsghdr* message) {
  ::mnl_socket* socket = ::mnl_socket_open(NETLINK_ROUTE);
  if (socket == nullptr) return errno;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  message->nlmsg_seq = 1;
  std::array<char, 8192> buffer{};
  int outcome = -1;
  if (::mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
      ::mnl_socket_sendto(socket, message, message->nlmsg_len) >= 0) {
    const ::ssize_t count = ::mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (count >= 0)
      outcome = ::mnl_cb_run(buffer.data(), static_cast<std::size_t>(count), 1,
                             ::mnl_socket_get_portid(socket), nullptr, nullptr);
  }
  const int number = outcome < 0 ? errno : 0;
  ::mnl_socket_close(socket);
  return number;
}

}  // namespace

Result<std::string> in_scratch_namespace(Result<std::string> (*probe)()) {
  int ends[2];
  if (::pipe(ends) != 0) return absent_errno("pipe", errno);
  const ::pid_t child = ::fork();
  if (child == 0) run_child(ends[1], probe);
  ::close(ends[1]);
  const std::string line = child < 0 ? "-fork failed" : read_all(ends[0]);
  ::close(ends[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  if (line.starts_with('+')) return line.substr(1);
  if (line.starts_with('?')) return fail(std::string(kNotAllowed), line.substr(1));
  return fail("absent", line.empty() ? "the probe died" : line.substr(1));
}

Result<std::string> make_veth() {
  std::array<char, 4096> buffer{};
  ::nlmsghdr* message = ::mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = RTM_NEWLINK;
  ::mnl_nlmsg_put_extra_header(message, sizeof(::ifinfomsg));
  ::nlattr* info = ::mnl_attr_nest_start(message, IFLA_LINKINFO);
  ::mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
  ::mnl_attr_nest_end(message, info);
  if (const int number = request(message)) return absent_errno("veth", number);
  return std::string("can be made");
}

Result<std::string> add_netem() {
  std::array<char, 4096> buffer{};
  ::nlmsghdr* message = ::mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = RTM_NEWQDISC;
  auto* qdisc = static_cast<::tcmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(::tcmsg)));
  qdisc->tcm_family = AF_UNSPEC;
  qdisc->tcm_ifindex = 1;  // lo, in a fresh namespace
  qdisc->tcm_parent = TC_H_ROOT;
  ::mnl_attr_put_strz(message, TCA_KIND, "netem");
  ::tc_netem_qopt options{};
  options.limit = 1000;
  ::mnl_attr_put(message, TCA_OPTIONS, sizeof options, &options);
  if (const int number = request(message))
    return number == ENOENT ? Result<std::string>(fail("absent", "not in this kernel"))
                            : Result<std::string>(absent_errno("netem", number));
  return std::string("present");
}

}  // namespace flowmob::cli
