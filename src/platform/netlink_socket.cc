// SPDX-License-Identifier: Apache-2.0
#include "platform/netlink_socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>

#include "platform/errno_error.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
namespace {

/// A dump arrives in pieces of at most 32 KiB.
constexpr std::size_t kReceiveBuffer = 65536;
using Buffer = std::unique_ptr<char[]>;
/// To clear it would take longer than most requests do.
Buffer make_buffer() { return std::make_unique_for_overwrite<char[]>(kReceiveBuffer); }

void enable(int fd, int option) {
  const int on = 1;
  ::setsockopt(fd, SOL_NETLINK, option, &on, sizeof on);
}

const char* code_of(int number) {
  switch (number) {
    case EEXIST:
      return "exists";
    case ENODEV:
    case ENXIO:
      return "no-such-interface";
    case ENOENT:
    case ESRCH:
    case EADDRNOTAVAIL:
      return "not-found";
    case EPERM:
    case EACCES:
      return "not-permitted";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "unreachable";
    case EOPNOTSUPP:
      return "not-supported";
    case EBUSY:
      return "busy";
    default:
      return "netlink-failed";
  }
}

/// What the kernel adds in words (NETLINK_EXT_ACK).
std::string explanation(const nlmsghdr& message) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(&message));
  std::size_t offset = sizeof *error;
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  if ((message.nlmsg_flags & NLM_F_CAPPED) == 0) offset += error->msg.nlmsg_len - sizeof error->msg;
  return NetlinkAttributes<NLMSGERR_ATTR_MAX>(message, offset).text(NLMSGERR_ATTR_MSG);
}

Result<void> outcome(const nlmsghdr& message) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(int)) return {};
  const int number = -*static_cast<const int*>(mnl_nlmsg_get_payload(&message));
  if (number == 0) return {};
  const std::string detail = message.nlmsg_type == NLMSG_ERROR ? explanation(message) : "";
  return fail_errno(code_of(number), detail.empty() ? "netlink" : detail, number);
}

struct Piece {
  std::size_t length;
  bool from_kernel;
};

Result<Piece> receive(int fd, const Buffer& buffer, int flags) {
  while (true) {
    ::sockaddr_nl sender{};
    ::iovec vector{buffer.get(), kReceiveBuffer};
    ::msghdr header{};
    header.msg_name = &sender;
    header.msg_namelen = sizeof sender;
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    const ::ssize_t count = ::recvmsg(fd, &header, flags);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return fail("empty", "nothing waits");
    if (count < 0 && errno == ENOBUFS) return fail("lost", "announcements were lost");
    if (count < 0) return fail_errno("netlink-failed", "receive");
    if ((header.msg_flags & MSG_TRUNC) != 0)
      return fail("netlink-failed", "an answer larger than its buffer");
    return Piece{static_cast<std::size_t>(count), sender.nl_pid == 0};
  }
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::open(std::uint32_t groups, int family) {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family));
  if (!fd) return fail_errno("netlink-failed", "netlink socket");
  enable(fd.get(), NETLINK_EXT_ACK);
  enable(fd.get(), NETLINK_CAP_ACK);
  enable(fd.get(), NETLINK_GET_STRICT_CHK);
  ::sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  local.nl_groups = groups;
  if (::bind(fd.get(), reinterpret_cast<::sockaddr*>(&local), sizeof local) != 0) {
    return fail_errno("netlink-failed", "netlink socket");
  }
  return NetlinkSocket(std::move(fd));
}

Result<void> NetlinkSocket::request(NetlinkMessage& message, const Visitor& on_reply) {
  nlmsghdr* header = message.raw();
  const bool dump = (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags | (dump ? 0 : NLM_F_ACK));
  header->nlmsg_seq = ++sequence_;
  if (::send(fd_.get(), header, header->nlmsg_len, 0) < 0) return fail_errno("netlink-failed", "send");
  const Buffer buffer = make_buffer();
  while (true) {
    const auto piece = receive(fd_.get(), buffer, 0);
    if (!piece) return tl::unexpected(piece.error());
    int left = static_cast<int>(piece->length);
    const auto* reply = reinterpret_cast<const nlmsghdr*>(buffer.get());
    for (; mnl_nlmsg_ok(reply, left); reply = mnl_nlmsg_next(reply, &left)) {
      if (!piece->from_kernel || reply->nlmsg_seq != sequence_) continue;
      if (reply->nlmsg_type == NLMSG_ERROR || reply->nlmsg_type == NLMSG_DONE) return outcome(*reply);
      if (on_reply) on_reply(*reply);
    }
  }
}

Result<void> NetlinkSocket::request_removal(NetlinkMessage& message) {
  auto removed = request(message);
  if (!removed && (removed.error().code == "not-found" || removed.error().code == "no-such-interface"))
    return {};
  return removed;
}

Result<bool> NetlinkSocket::drain(const Visitor& on_message) {
  const Buffer buffer = make_buffer();
  bool complete = true;
  while (true) {
    const auto piece = receive(fd_.get(), buffer, MSG_DONTWAIT);
    if (!piece && piece.error().code == "empty") return complete;
    if (!piece && piece.error().code != "lost") return tl::unexpected(piece.error());
    complete = complete && piece.has_value();
    int left = piece && piece->from_kernel ? static_cast<int>(piece->length) : 0;
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.get());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) on_message(*message);
  }
}

}  // namespace flowmob::platform
