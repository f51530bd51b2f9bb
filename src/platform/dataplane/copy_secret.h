// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/dataplane/bpf_object.h"

namespace flowmob::dataplane {

/// A number that nobody can guess, by which the programs tell copies of packets (docs/adr/0059); a
/// predecessor's stays.
Result<void> set_copy_secret(const BpfObject& object);

}  // namespace flowmob::dataplane
