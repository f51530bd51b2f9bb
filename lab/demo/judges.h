// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lab/demo/captures.h"
#include "lab/demo/report.h"

namespace flowmob::lab {

/// What a judge knows besides the step's own figures.
struct Evidence {
  nlohmann::ordered_json first_connection;  ///< the download's, as it began
  Nanoseconds event{};                      ///< when the step did what it is named for
  Nanoseconds mag_lma_round_trip{};         ///< as the links are configured
};

/// Adds to a measured step what it has to show, and whether it did.
using Judge = std::function<void(const Evidence&, StepReport&)>;

namespace judge {

Judge has_address(const std::string& address);  ///< the virtual interface, a global one
/// Each MAG registered, and the LMA accepted it.
void both_registered(const Evidence&, StepReport& step);
/// 0 lost and 0 duplicated, every flow, both ways; and nothing came that nobody was seen sending.
void lossless(const Evidence&, StepReport& step);
void same_connection(const Evidence&, StepReport& step);  ///< the download's TCP connection is the first one
void bindings_kept(const Evidence&, StepReport& step);
void hard_failure(const Evidence&, StepReport& step);
/// What goes by both links loses nothing where what goes by the dead one alone loses some.
void redundant_flow_is_whole(const Evidence&, StepReport& step);
void redundant_flow_has_both_links(const Evidence&, StepReport& step);
/// The mobile node's video goes by MAG2, who told the LMA, who followed; nobody moved it there.
void node_decided(const Evidence& evidence, StepReport& step);
Judge flow_ends_on(FlowKind flow, std::size_t access);           ///< in the step's last second
Judge flow_stays_on(FlowKind flow, std::size_t access);          ///< during all of it
Judge whole_file(const nlohmann::ordered_json& download);        ///< one connection, every octet
Judge whole_captures(const std::vector<CaptureCounts>& counts);  ///< no frame was missed

}  // namespace judge
}  // namespace flowmob::lab
