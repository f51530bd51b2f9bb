// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "core/flow/flow_binding.h"
#include "core/flow/link_board.h"

/// Which of a node's links a flow takes, and why. There is one function that decides: what explains a
/// decision asks the same one.
namespace flowmob::core {

/// One of a node's links, as far as it matters to its flows.
struct LinkState {
  SessionId session;
  std::string_view mag{};  ///< its name; empty: configured no more
  Ipv6Address mag_address{};
  wire::AccessTechnology technology{};
  bool is_registered = true;     ///< false: in delete-wait
  bool is_live = true;           ///< flows may use it: also an unreachable one if there are no others
  bool is_opening = false;       ///< it may not deliver yet (docs/adr/0012)
  std::uint16_t binding_id = 0;  ///< as its gateway calls it; zero: it has not said
  std::uint8_t binding_priority =
      0;                    ///< BID-PRI, the lowest is the default flow's; zero: that decides nothing
  bool is_foreign = false;  ///< of another of the node's sets of prefixes (docs/adr/0055)
  std::vector<Ipv6Prefix> missing{};  ///< of the node's prefixes those that its gateway does not forward
  bool lacks_ipv4 = false;            ///< nor the node's IPv4 home address: only where nothing else is left
};

/// Whether packets of the flow may be for this prefix, and whether they may be of IPv4.
bool may_be_for(const FlowBinding& flow, const Ipv6Prefix& prefix);
bool may_be_ipv4(const FlowBinding& flow);

/// The registered link that a gateway's binding reference names: the session's own, another by the same
/// gateway, or one of the node's others (docs/adr/0061). nullptr: there is none.
const LinkState* find_binding(const std::vector<LinkState>& links, SessionId announcer, std::uint16_t id);

/// What a decision depends on beside the flow itself.
struct Surroundings {
  const std::vector<LinkState>& links;
  const LinkBoard* board = nullptr;  ///< none: nothing is known of links
  TimePoint now{};
  SessionId leaving{};    ///< opens once more: not even what is there stays, if there is another link
  SessionId meanwhile{};  ///< where the default flow is
  SeveralBindings several{};
  const LinkState* find(SessionId session) const;
};

/// What a link is to a flow. In the order of preference; those behind Opening carry nothing.
enum class LinkFitness { Well, HeldDown, Excess, Opening, NotListed, Foreign, Unreachable, Gone };

struct LinkVerdict {
  SessionId session;
  LinkFitness fitness{};
  Excess excess{};                        ///< with Excess
  std::optional<TimePoint> held_until{};  ///< with HeldDown
  std::optional<std::size_t> rank{};      ///< place in the rule's list; none: not in it
};

enum class DecisionReason {
  Moved,        ///< a command has moved it there
  Bound,        ///< the session whose request named its service or announced it, or that it was moved to
  Preferred,    ///< the first of the rule's list that is well
  Unlisted,     ///< no link of the list is well, and the rule permits others
  Stays,        ///< it is there, and would not be better off, or the rule does not say that it returns
  WithDefault,  ///< its own link is gone: it goes where the default flow is
  Only,         ///< nothing better is left
  Nowhere,      ///< no link may carry it
};
std::string_view to_string(DecisionReason reason);
std::string_view to_string(LinkFitness fitness);
std::string_view to_string(Excess excess);

struct Decision {
  SessionId session;  ///< zero: none
  SessionId wanted;   ///< where it would be if all links were well
  DecisionReason reason{};
  std::vector<LinkVerdict> links;
  std::optional<TimePoint> revisit{};  ///< when a better link's hold-down ends
  Spread spread{};                     ///< copies or shares
};

Decision decide(const FlowBinding& flow, const Surroundings& around);
/// What the flow remembers of its links, before it is decided: since when each is well.
void observe(FlowBinding& flow, const Surroundings& around);

}  // namespace flowmob::core
