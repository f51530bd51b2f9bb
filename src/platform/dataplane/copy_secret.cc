// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/copy_secret.h"

#include <random>

#include "platform/dataplane/bpf_map.h"

namespace flowmob::dataplane {

Result<void> set_copy_secret(const BpfObject& object) {
  BpfMap<std::uint32_t, std::uint64_t> secret(object, "copy_secret");
  if (secret.get(0).value_or(0) != 0) return {};
  std::random_device random;
  return secret.set(0, std::uint64_t{random()} << 32 | random());
}

}  // namespace flowmob::dataplane
