// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace flowmob::platform {

using Json = nlohmann::ordered_json;

/// What travels over a control socket, one JSON value a line:
///   request   {"command":"show bindings","args":{...}}
///   response  {"ok":true,"result":...} or {"ok":false,"error":{"code":"...","message":"..."}}
///   event     {"time":"2024-05-01T12:00:00.123Z","event":"binding-registered",...}   after the response to
///   `monitor`
struct ControlRequest {
  std::string command;
  Json arguments = Json::object();
};

Result<ControlRequest> parse_request(std::string_view line);  ///< "bad-request"
std::string format_request(const ControlRequest& request);

Result<Json> parse_response(std::string_view line);  ///< the result, or the error that the daemon gave
std::string format_response(const Result<Json>& response);

Json make_event(WallTime time, std::string_view event, const Json& fields);
std::string format_event(const Json& event);
Result<Json> parse_event(std::string_view line);

/// Of an event: tables for programs, which a line for people leaves out.
bool is_for_programs(std::string_view key);

/// RFC 3339 in UTC with milliseconds.
std::string format_time(WallTime time);

}  // namespace flowmob::platform
