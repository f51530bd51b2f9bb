#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plain forwarding, the kernel's SRv6 tunnel and flowmob in one run, interleaved: rounds of every kind in a shuffled order, and
ratios of what stood beside each other in a round. docs/benchmarks.md says how to read it."""
import argparse
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import time

from domains import BUILD, CN, KINDS, MN, ROOT

PACKET_RATE = (ROOT / BUILD / "bin/packet-rate").resolve()
PAYLOAD = 16  # 64 octets of IPv6 packet
ENDS = {"down": ("cn", "mn", MN), "up": ("mn", "cn", CN)}


def listening(domain, node, port, kind):
    deadline = time.monotonic() + 5
    while f":{port}" not in domain.inside(node, "ss", "-Hln" + kind).stdout:
        if time.monotonic() > deadline:
            raise RuntimeError(f"nobody listens on {port}")
        time.sleep(0.01)


def small_packets(domain, direction, seconds):
    """Packets a second that arrive. The sender's core also forwards, since veth runs in the sender's context."""
    sender, receiver, address = ENDS[direction]
    sink = domain.spawn(receiver, "taskset", "-c", "1", PACKET_RATE, "receive", 6001)
    listening(domain, receiver, 6001, "u")
    domain.inside(sender, "taskset", "-c", "0", PACKET_RATE, "send", address, 6001, seconds, PAYLOAD)
    packets, took = sink.communicate(timeout=20)[0].split()
    return int(packets) / float(took)


def tcp_streams(domain, direction, seconds):
    """Gbit/s over eight streams."""
    return domain.tcp(direction, seconds, streams=8)["sum_received"]["bits_per_second"] / 1e9


MEASURES = {
    "small UDP packets": ("kpacket/s", lambda d, way, s: small_packets(d, way, s) / 1e3),
    "8 TCP streams": ("Gbit/s", tcp_streams),
}


def measure(domains, rounds, seconds):
    samples = {}
    for round_number in range(rounds):
        for what, (_, run) in MEASURES.items():
            for way in ENDS:
                order = list(domains)
                random.shuffle(order)
                for kind in order:
                    samples.setdefault((what, way), {}).setdefault(kind, []).append(run(domains[kind], way, seconds))
        print(f"round {round_number + 1} of {rounds}", file=sys.stderr)
    return samples


def summary(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values), "samples": values}


def result(what, way, by_kind):
    ratios = {f"flowmob/{kind}": summary([a / b for a, b in zip(by_kind["flowmob"], values)])
              for kind, values in by_kind.items() if kind != "flowmob"}
    return {"measure": what, "direction": way, "unit": MEASURES[what][0],
            "kinds": {kind: summary(values) for kind, values in by_kind.items()}, "ratios": ratios}


def show(results):
    print(f"\n{'':28}{'plain forwarding':>21}{'kernel SRv6':>21}{'flowmob':>21}{'/plain':>8}{'/SRv6':>8}")
    for row in results:
        cells = []
        for kind in KINDS:
            one = row["kinds"][kind]
            digits = 0 if one["median"] > 100 else 1
            cells.append(f"{one['median']:.{digits}f} ({one['lowest']:.{digits}f}-{one['highest']:.{digits}f})")
        print(f"{row['measure'] + ' ' + row['direction']:<24}{'':4}" + "".join(f"{cell:>21}" for cell in cells)
              + "".join(f"{row['ratios']['flowmob/' + kind]['median']:8.2f}" for kind in ("plain", "srv6")))
    print("median (lowest-highest) in " + ", ".join(sorted({f"{unit} for {what}" for what, (unit, _) in MEASURES.items()})))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=int, default=1)
    options.add_argument("--output", type=pathlib.Path)
    chosen = options.parse_args()
    domains = {}
    try:
        for number, (kind, build) in enumerate(KINDS.items()):
            domains[kind] = build(f"fm-{os.getpid()}-b{number}")
            domains[kind].up()
            domains[kind].bind()
            domains[kind].inside("cn", "ping", "-c2", "-i0.2", "-W5", MN)
        samples = measure(domains, chosen.rounds, chosen.seconds)
    finally:
        for domain in domains.values():
            domain.down()
    results = [result(what, way, by_kind) for (what, way), by_kind in samples.items()]
    show(results)
    if chosen.output:
        chosen.output.write_text(json.dumps({"kernel": platform.release(), "cpus": os.cpu_count(), "rounds": chosen.rounds,
                                             "seconds": chosen.seconds, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")
