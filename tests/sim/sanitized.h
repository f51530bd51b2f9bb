// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef __has_feature
#define __has_feature(x) 0
#endif

namespace flowmob::sim {

/// Sanitizers make everything twenty times slower, and count memory in their own way.
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

}  // namespace flowmob::sim
