// SPDX-License-Identifier: Apache-2.0
#include "core/mag/message_handler.h"

namespace flowmob::core {
namespace {

/// RFC 6275 section 9.2: every other type, whether the codec can read it or not, is answered with an error.
bool is_ours(const wire::MobilityMessage& message) {
  return std::holds_alternative<wire::ProxyBindingUpdate>(message) ||
         std::holds_alternative<wire::ProxyBindingAcknowledgement>(message) ||
         std::holds_alternative<wire::BindingError>(message) || AnchorPeer::is_ours(message);
}

}  // namespace

void MessageHandler::handle(Now now, const PacketMeta& meta, ByteView mobility_header) {
  // A source address proves nothing where anybody may write one (docs/adr/0032).
  if (context_.access(meta.interface)) return context_.statistics.drop("from-access-link");
  if (!context_.config.has_address(meta.destination)) return context_.statistics.drop("not-for-us");
  const auto message = wire::decode(mobility_header, meta.source, meta.destination);
  if (!message) {
    context_.statistics.drop(message.error().code);
    return answer(errors_.undecodable(now, meta, mobility_header, message.error().code));
  }
  if (!is_ours(*message)) {
    context_.statistics.drop("unknown-type");
    return answer(errors_.unknown_type(now, meta));
  }
  if (meta.source != context_.config.lma) return context_.statistics.drop("not-from-lma");
  if (const auto* ack = std::get_if<wire::ProxyBindingAcknowledgement>(&*message)) {
    context_.statistics.message("pba_received");
    if (!paths_.handle_acknowledgement(now, *ack)) registrar_.handle_acknowledgement(now, *ack);
  } else if (const auto* error = std::get_if<wire::BindingError>(&*message)) {
    binding_error(now, meta, *error);
  } else if (!anchor_.handle_message(now, meta, *message)) {
    context_.statistics.drop("unexpected-type");
  }
}

void MessageHandler::binding_error(Now now, const PacketMeta& meta, const wire::BindingError& error) {
  context_.statistics.message("binding_error_received");
  if (error.status == wire::BindingErrorStatus::UnrecognizedMhType) anchor_.handle_refusal(now);
  if (error_notices_.allow(now.monotonic))
    context_.notify("binding-error",
                    {{"source", meta.source.to_string()}, {"status", wire::to_string(error.status)}});
}

void MessageHandler::answer(std::optional<HeaderErrors::Answer> error) {
  if (!error) return;
  const bool is_message = std::holds_alternative<SendMessage>(*error);
  context_.statistics.message(is_message ? "binding_error_sent" : "parameter_problem_sent");
  std::visit([this](auto& action) { context_.emit(std::move(action)); }, *error);
}

}  // namespace flowmob::core
