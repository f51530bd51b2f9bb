#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TCP through LMA and MAG, in whole segments (GSO), beside plain forwarding and the kernel's SRv6 tunnel: one stream under bbr, eight
under cubic, both ways, in rounds of an order drawn anew. docs/performance.md says how to read it."""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys

from domains import CN, MN, Gateways, KernelTunnel, Plain
from figures import figure, not_measured, ratios

KINDS = {"plain": Plain, "srv6": KernelTunnel, "flowmob": Gateways}
STREAMS = {"1 bbr": (1, "bbr"), "8 cubic": (8, "cubic")}


def available():
    return pathlib.Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text(encoding="utf-8").split()


def throughput(domain, direction, streams, control, seconds):
    """Gbit/s that arrive. Sender and receiver have a core each."""
    server = domain.spawn("cn", "taskset", "-c", "0", "iperf3", "-s", "-1")
    while ":5201" not in domain.inside("cn", "ss", "-Hltn").stdout:
        pass
    command = ["taskset", "-c", "1", "iperf3", "-c", CN, "-t", seconds, "-O", 0.3, "-P", streams, "-C", control, "-J"] + (["-R"] if direction == "down" else [])
    try:
        report = json.loads(domain.inside("mn", *command).stdout)
    finally:
        server.terminate()
        server.communicate()
    return report["end"]["sum_received"]["bits_per_second"] / 1e9


def measure(domains, wanted, rounds, seconds):
    samples = {(what, way): {kind: [] for kind in domains} for what in wanted for way in ("down", "up")}
    for number in range(rounds):
        for (what, way), kinds in samples.items():
            for kind in random.sample(list(domains), len(domains)):
                kinds[kind].append(throughput(domains[kind], way, *STREAMS[what], seconds))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return samples


def figures_of(samples):
    for name, what, other in (("tcp1_vs_srv6", "1 bbr", "srv6"), ("tcp1_vs_plain", "1 bbr", "plain"), ("tcp8_vs_srv6", "8 cubic", "srv6")):
        if (what, "down") not in samples:
            yield not_measured(name, f"this kernel has no {STREAMS[what][1]}")
            continue
        both = {kind: samples[what, "down"][kind] + samples[what, "up"][kind] for kind in KINDS}
        by_way = {way: statistics.median(ratios(samples[what, way], "flowmob", other)) for way in ("down", "up")}
        yield figure(name, ratios(both, "flowmob", other), baseline={"srv6": "kernel SRv6 (encap.red)", "plain": "plain forwarding"}[other],
                     gbit_per_s=statistics.median(both["flowmob"]), baseline_gbit_per_s=statistics.median(both[other]), by_direction=by_way)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=int, default=1)
    options.add_argument("--output", type=pathlib.Path)
    chosen = options.parse_args()
    wanted = [what for what, (_, control) in STREAMS.items() if control in available()]
    domains = {}
    try:
        for number, (kind, build) in enumerate(KINDS.items()):
            domains[kind] = build(f"fm-{os.getpid()}-t{number}")
            domains[kind].up()
            domains[kind].bind()
            domains[kind].inside("cn", "ping", "-c2", "-i0.2", "-W5", MN)
        samples = measure(domains, wanted, chosen.rounds, chosen.seconds)
    finally:
        for domain in domains.values():
            domain.down()
    for (what, way), kinds in samples.items():
        print(f"{what:<9}{way:<5}" + "  ".join(f"{kind} {statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})" for kind, values in kinds.items())
              + " Gbit/s; flowmob / srv6 " + f"{statistics.median(ratios(kinds, 'flowmob', 'srv6')):.2f}, / plain {statistics.median(ratios(kinds, 'flowmob', 'plain')):.2f}")
    if chosen.output:
        rows = [{"streams": what, "direction": way, "gbit_per_s": kinds} for (what, way), kinds in samples.items()]
        document = {"rounds": chosen.rounds, "seconds": chosen.seconds, "rows": rows, "figures": list(figures_of(samples))}
        chosen.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")
