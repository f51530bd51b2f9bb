# SPDX-License-Identifier: Apache-2.0
"""The figures that `make bench` is held to: their names, and what of a run becomes of one. docs/performance.md shows them."""
import statistics

AT_LEAST, AT_MOST = "at_least", "at_most"

# id, what it is, unit, and the bound. The list only grows, at its end.
HELD_TO = [
    ("tcp1_vs_srv6", "TCP through LMA and MAG, one stream, bbr: of the kernel's SRv6", "ratio", AT_LEAST, 1.0),
    ("tcp1_vs_plain", "the same: of plain forwarding (aimed at)", "ratio", AT_LEAST, 0.95),
    ("tcp8_vs_srv6", "TCP through LMA and MAG, eight streams, cubic: of the kernel's SRv6", "ratio", AT_LEAST, 1.0),
    ("xdp_pps_vs_srv6", "packets/s, LMA downlink by XDP: of the kernel's SRv6", "ratio", AT_LEAST, 2.5),
    ("xdp_pps_vs_srv6_net", "the same, what the generator costs subtracted", "ratio", AT_LEAST, 4.0),
    ("tc_pps_vs_srv6", "packets/s, LMA downlink by tc: of the kernel's SRv6", "ratio", AT_LEAST, 1.2),
    ("prog_ns_flows_1", "program time of a packet, 1 flow", "ns", AT_MOST, 125),
    ("prog_ns_flows_1e6", "program time of a packet, 10^6 flows, uniform", "ns", AT_MOST, 420),
    ("scale_flows_uniform", "cost at 10^6 flows over cost at 10^2, uniform", "ratio", AT_MOST, 2.9),
    ("scale_flows_zipf", "the same, Zipf(1.0)", "ratio", AT_MOST, 1.5),
    ("scale_bindings", "cost at 10^6 bindings over cost at 10^2, uniform", "ratio", AT_MOST, 1.5),
    ("miss_over_hit", "first packet of a flow (64 selectors, none matches) over the next", "ratio", AT_MOST, 5),
    ("bytes_per_binding", "kernel memory of a binding", "octets", AT_MOST, 150),
    ("bytes_per_flow", "kernel memory of a flow", "octets", AT_MOST, 125),
    ("latency_p999_ms", "latency at half the maximum rate, p99.9, nothing lost", "ms", AT_MOST, 1.0),
    ("mag_down_tc_vs_plain", "packets/s, MAG downlink by tc: of plain forwarding", "ratio", AT_LEAST, 1.0),
    ("mag_up_tc_vs_plain", "packets/s, MAG uplink by tc: of plain forwarding", "ratio", AT_LEAST, 1.0),
    ("vif_tx_vs_plain", "packets/s, virtual interface, sent: of plain forwarding", "ratio", AT_LEAST, 1.0),
    ("vif_rx_vs_plain", "packets/s, virtual interface, received: of plain forwarding", "ratio", AT_LEAST, 1.0),
    ("register_per_s", "registrations a second of 10^5 mobile nodes, with their map entries", "1/s", AT_LEAST, 50_000),
]


def figure(name, samples, unit="ratio", baseline=None, **more):
    """What a benchmark contributes: samples of one run each. `more` is shown as it is."""
    return {"id": name, "unit": unit, "baseline": baseline, "samples": list(samples)} | more


def not_measured(name, reason):
    return {"id": name, "samples": [], "reason": reason}


def ratios(kinds, one, other):
    """Of what was measured beside each other in a round."""
    return [a / b for a, b in zip(kinds[one], kinds[other])]


def finished(contributed):
    """As it stands in the report."""
    samples = contributed["samples"]
    known = {name: (what, unit, bound, to) for name, what, unit, bound, to in HELD_TO}
    what, unit, bound, to = known.get(contributed["id"], (contributed.get("what"), contributed.get("unit"), None, None))
    value = statistics.median(samples) if samples else None
    row = {"id": contributed["id"], "what": what, "value": value, "unit": unit, "baseline": contributed.get("baseline") or None,
           "ratio": value if unit == "ratio" else None, "min": min(samples, default=None), "median": value,
           "max": max(samples, default=None), "runs": len(samples)}
    if bound:
        row["held_to"] = {bound: to}
        row["reached"] = None if value is None else (value >= to if bound == AT_LEAST else value <= to)
        if contributed.get("lost"):
            row["reached"] = False
    return row | {key: value for key, value in contributed.items() if key not in row and key != "samples"} | {"samples": samples}


def report(contributions):
    """All figures in the order of HELD_TO, then what else was contributed."""
    given = {one["id"]: one for one in contributions}
    names = [name for name, *_ in HELD_TO]
    missing = {name: not_measured(name, "not measured in this run") for name in names if name not in given}
    return [finished((given | missing)[name]) for name in names + [name for name in given if name not in names]]
