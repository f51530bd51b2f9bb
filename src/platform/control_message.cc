// SPDX-License-Identifier: Apache-2.0
#include "platform/control_message.h"

#include "base/time_text.h"

namespace flowmob::platform {
namespace {

/// Identifiers from the wire may hold any octets; what is no UTF-8 is shown as U+FFFD rather than refused.
std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<Json> parse_object(std::string_view line, const char* code) {
  Json value = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return fail(code, "not a line of JSON");
  if (!value.is_object()) return fail(code, "not a JSON object");
  return value;
}

std::string text_or(const Json& object, const char* key, const char* fallback) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : fallback;
}

Error parse_error(const Json& response) {
  const auto error = response.find("error");
  if (error == response.end() || !error->is_object())
    return {"bad-response", "the daemon failed without a reason"};
  return {text_or(*error, "code", "unknown"), text_or(*error, "message", "")};
}

}  // namespace

Result<ControlRequest> parse_request(std::string_view line) {
  auto value = parse_object(line, "bad-request");
  if (!value) return tl::unexpected(value.error());
  ControlRequest request;
  for (auto& [key, item] : value->items()) {
    if (key == "command" && item.is_string()) {
      request.command = item.get<std::string>();
    } else if (key == "args" && item.is_object()) {
      request.arguments = item;
    } else {
      return fail("bad-request", R"(expected {"command":"...","args":{...}}; wrong member ")" + key + '"');
    }
  }
  if (request.command.empty())
    return fail("bad-request", R"(expected {"command":"...","args":{...}}; no "command")");
  return request;
}

std::string format_request(const ControlRequest& request) {
  return dump(Json{{"command", request.command}, {"args", request.arguments}});
}

Result<Json> parse_response(std::string_view line) {
  auto value = parse_object(line, "bad-response");
  if (!value) return value;
  const auto ok = value->find("ok");
  if (ok == value->end() || !ok->is_boolean()) return fail("bad-response", "a response without \"ok\"");
  if (!ok->get<bool>()) return tl::unexpected(parse_error(*value));
  return value->contains("result") ? (*value)["result"] : Json();
}

std::string format_response(const Result<Json>& response) {
  if (response) return dump(Json{{"ok", true}, {"result", *response}});
  const Error& error = response.error();
  return dump(Json{{"ok", false}, {"error", Json{{"code", error.code}, {"message", error.message}}}});
}

std::string format_event(const Json& event) { return dump(event); }

Json make_event(WallTime time, std::string_view event, const Json& fields) {
  Json value = Json::object();
  value["time"] = format_time(time);
  value["event"] = std::string(event);
  if (fields.is_object()) {
    for (const auto& [key, item] : fields.items()) {
      if (key != "time" && key != "event") value[key] = item;
    }
  }
  return value;
}

bool is_for_programs(std::string_view key) {
  return key == "decision" || key == "timeline" || key == "paths" || key == "octets";
}

Result<Json> parse_event(std::string_view line) {
  auto value = parse_object(line, "bad-event");
  if (value && !value->contains("event")) return fail("bad-event", "an event without a name");
  return value;
}

std::string format_time(WallTime time) { return to_rfc3339(time); }

}  // namespace flowmob::platform
