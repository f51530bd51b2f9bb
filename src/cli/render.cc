// SPDX-License-Identifier: Apache-2.0
#include "cli/render.h"

namespace flowmob::cli {

std::string render(std::string_view, const Json& result, const Look& look) {
  return render_any(result, look);
}

}  // namespace flowmob::cli
