// SPDX-License-Identifier: Apache-2.0
#include "core/lma/identifier.h"

#include <fmt/format.h>

#include "base/address.h"

namespace flowmob::core {

std::string to_octet_string(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
Bytes to_bytes(std::string_view octets) { return {octets.begin(), octets.end()}; }

std::string escaped(std::string_view octets) {
  std::string text;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet > 0x7e || octet == '\\')
      text += fmt::format("\\x{:02x}", octet);
    else
      text += c;
  }
  return text;
}

Result<std::string> unescaped(std::string_view text) {
  const auto bad = [&] { return fail("bad-escape", "not an escaped identifier: " + escaped(text)); };
  std::string octets;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      octets += text[i];
      continue;
    }
    if (text.size() < i + 4 || text[i + 1] != 'x') return bad();
    const auto octet = from_hex(text.substr(i + 2, 2));
    if (!octet || octet->size() != 1) return bad();
    octets += static_cast<char>(octet->front());
    i += 3;
  }
  return octets;
}

}  // namespace flowmob::core
