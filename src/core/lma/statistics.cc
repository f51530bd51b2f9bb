// SPDX-License-Identifier: Apache-2.0
#include "core/lma/statistics.h"

namespace flowmob::core {

Json Statistics::to_json() const {
  Json json{{"messages",
             {{"received", received},
              {"accepted", accepted},
              {"rejected", rejected},
              {"dropped", dropped},
              {"coalesced", coalesced},
              {"binding_errors_sent", binding_errors_sent},
              {"parameter_problems_sent", parameter_problems_sent}}},
            {"rejections", Json::object()},
            {"drops", Json::object()},
            {"revocation", revocation.to_json()},
            {"notification", notification.to_json()},
            {"flow_options", flows.to_json()}};
  for (const auto& [status, count] : rejections)
    json["rejections"][wire::to_string(static_cast<wire::BindingStatus>(status))] = count;
  for (const auto& [reason, count] : drops) json["drops"][reason] = count;
  return json;
}

}  // namespace flowmob::core
