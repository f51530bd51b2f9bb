// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::platform {

/// One request under construction: the netlink header, the family's fixed header, then attributes.
class NetlinkMessage {
 public:
  NetlinkMessage(std::uint16_t type, int flags) : header_(mnl_nlmsg_put_header(buffer_.data())) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }
  NetlinkMessage(const NetlinkMessage&) = delete;
  NetlinkMessage& operator=(const NetlinkMessage&) = delete;

  /// The family's header (ifinfomsg, rtmsg, ...), zeroed; before any attribute.
  template <class T>
  T& put() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(header_, sizeof(T)));
  }
  void attribute(std::uint16_t type, std::uint32_t value) { mnl_attr_put_u32(header_, type, value); }
  void octet(std::uint16_t type, std::uint8_t value) { mnl_attr_put_u8(header_, type, value); }
  void attribute(std::uint16_t type, ByteView value) {
    mnl_attr_put(header_, type, value.size(), value.data());
  }
  void text(std::uint16_t type, std::string_view value) {
    mnl_attr_put_strz(header_, type, std::string(value).c_str());
  }
  nlattr* open(std::uint16_t type) { return mnl_attr_nest_start(header_, type); }
  void close(nlattr* nest) { mnl_attr_nest_end(header_, nest); }

  nlmsghdr* raw() { return header_; }

 private:
  alignas(8) std::array<char, 2048> buffer_{};
  nlmsghdr* header_;
};

/// The attributes of one received message by number; a number beyond `Max` is skipped.
template <std::size_t Max>
class NetlinkAttributes {
 public:
  /// After the fixed header of `offset` octets.
  NetlinkAttributes(const nlmsghdr& message, std::size_t offset) {
    mnl_attr_parse(&message, static_cast<unsigned>(offset), &collect, this);
  }
  explicit NetlinkAttributes(const nlattr* nest) {
    if (nest != nullptr) mnl_attr_parse_nested(nest, &collect, this);
  }

  const nlattr* get(std::size_t type) const { return type <= Max ? found_[type] : nullptr; }
  std::optional<std::uint32_t> u32(std::size_t type) const {
    const ByteView value = bytes(type);
    if (value.size() != sizeof(std::uint32_t)) return {};
    return mnl_attr_get_u32(get(type));
  }
  std::string text(std::size_t type) const {
    const ByteView value = bytes(type);
    const std::string_view view(reinterpret_cast<const char*>(value.data()), value.size());
    return std::string(view.substr(0, view.find('\0')));
  }
  ByteView bytes(std::size_t type) const {
    const nlattr* attribute = get(type);
    if (attribute == nullptr) return {};
    return {static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)),
            mnl_attr_get_payload_len(attribute)};
  }
  std::optional<Ipv6Address> ipv6(std::size_t type) const {
    const ByteView value = bytes(type);
    if (value.size() != 16) return {};
    return Ipv6Address::from_bytes(value);
  }
  std::optional<MacAddress> mac(std::size_t type) const;

 private:
  static int collect(const nlattr* attribute, void* self) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type <= Max) static_cast<NetlinkAttributes*>(self)->found_[type] = attribute;
    return MNL_CB_OK;
  }
  std::array<const nlattr*, Max + 1> found_{};
};

template <std::size_t Max>
std::optional<MacAddress> NetlinkAttributes<Max>::mac(std::size_t type) const {
  const ByteView value = bytes(type);
  MacAddress address;
  if (value.size() != address.octets.size()) return {};
  std::copy(value.begin(), value.end(), address.octets.begin());
  return address;
}

}  // namespace flowmob::platform
