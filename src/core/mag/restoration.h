// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/registrar.h"

namespace flowmob::core {

/// Takes over what a predecessor served: first all rows, so that no packet waits for signalling, then every
/// node registers again.
void restore_attachments(Now now, MagContext& context, NodeService& service, Registrar& registrar,
                         std::vector<AttachmentRecord> records);

}  // namespace flowmob::core
