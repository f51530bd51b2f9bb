// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/effect.h"
#include "core/mag/config.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// What a gateway announces of one attachment's flows (RFC 6089 section 5.2), and what the LMA has said to
/// it.
///
///             want()                     answered 0
///   (none) ----------> Pending, in full -----------> Accepted, in summaries
///     changed, retry() ^   ^ not found (132)  |  |
///                      |   '------------------'  | answered otherwise, or not at all
///                      '---- Refused <-----------'   left out
///
/// What is not wanted any more is left out, which removes it (section 5.2.4).
class FlowAnnouncements {
 public:
  enum class State { Pending, Accepted, Refused };
  struct Flow {
    FlowTemplate flow;
    std::vector<std::uint16_t> also_by = {};  ///< bindings beside its own
    std::uint16_t id{};
    State state = State::Pending;
    std::string status;                        ///< of the last answer
    std::optional<TimePoint> first_said = {};  ///< in full, since it was made or changed
    bool may_be_known = false;  ///< to the LMA, as something else or the same: not to be left out
    unsigned losses = 0;        ///< how often the LMA forgot it right after it had accepted it
    bool is_observed = false;   ///< the node moved it here; else it is configured
  };

  /// These from now on, by their names, on a binding of this number. True: an update has to say so.
  bool want(const BindingNumber& binding, const std::vector<AnnouncedFlow>& flows,
            const std::vector<FlowTemplate>& observed = {});
  /// What there is was said by a predecessor, or something else by these numbers.
  void presume_known();
  /// One that was refused is announced once more. True: it was.
  bool retry(std::string_view name);
  /// Under another number, so that it is the latest to the LMA. False: the LMA has yet to hear of it as it
  /// is.
  bool renew(std::string_view name);
  /// The LMA does not have it.
  void forget(std::string_view name);
  /// Observed flows have the numbers from here on, in turn; at most once. What a predecessor's were called
  /// the LMA may still know.
  void number_observed_from(std::uint16_t start);
  /// The LMA knows nothing of the attachment: all of it in full.
  void start_anew();

  /// The binding and the flows of an update that is sent now.
  void add_options(const BindingNumber& binding, TimePoint now, wire::MobilityOptions& options);
  /// What has changed by the answer to what was sent then. An LMA that repeats none of the options does not
  /// know them (section 5.2.6).
  std::vector<Flow> take_answer(const wire::MobilityOptions& options, TimePoint sent);
  /// There is more to say than the last update did.
  bool is_due() const;
  /// The LMA did not know a link that is to carry a flow, too. It may since have come: such flows are said
  /// again, after pauses that double. True: some are now.
  bool ask_again(TimePoint now);
  std::optional<TimePoint> next_deadline() const { return ask_again_at_; }

  const std::vector<Flow>& flows() const { return flows_; }
  Json to_json() const;

  /// By a command, instead of what the configuration says; by name.
  std::map<std::string, bool> switched = {};

 private:
  std::uint16_t free_id() const;
  std::uint16_t next_observed_id();
  bool is_taken(std::uint16_t id) const;
  void lose(Flow& flow);
  bool take_answer(Flow& flow, const std::optional<wire::FlowStatus>& status, TimePoint sent);
  void want_one(const AnnouncedFlow& flow, bool is_observed, bool& is_news);

  std::vector<Flow> flows_;
  void renumber(const BindingNumber& binding);

  bool has_less_to_say_ = false;        ///< than the LMA knows
  std::optional<TimePoint> less_said_;  ///< when that was said first
  std::optional<std::uint16_t> binding_id_;
  bool says_binding_ = false;  ///< from when one was said: silence would leave it as it is
  std::optional<std::uint16_t> last_observed_id_;
  std::optional<TimePoint> ask_again_at_;
  static constexpr Duration kShortestPause = std::chrono::seconds(1);
  Duration pause_ = kShortestPause;  ///< before the next
  void forget_pauses();
};

/// An LMA that decides by itself has answered so, or one that knows no flow options.
bool is_prohibited(const FlowAnnouncements::Flow& flow);

std::string_view to_string(FlowAnnouncements::State state);  ///< "pending", "accepted", "refused"

/// Which flows an attachment has by its access's and its node's configuration.
std::vector<AnnouncedFlow> flows_of(const AccessConfig& access, const MagPolicyProfile* profile);
/// Those of them that are to be announced.
std::vector<AnnouncedFlow> wanted_flows(std::vector<AnnouncedFlow> flows,
                                        const std::map<std::string, bool>& switched);

}  // namespace flowmob::core
