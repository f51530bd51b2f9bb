#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TCP through the virtual interface against the same over its bare member, and beside them a virtual interface made in user space (a TUN
interface, tun_forwarder.cc): a gateway and a node for each, measured in turn, and ratios of what stood beside each other in a round.
docs/benchmarks.md says how to read it."""
import argparse
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys

from domains import BUILD, MN, ROOT, Domain

TUN_FORWARDER = (ROOT / BUILD / "bin/tun-forwarder").resolve()
GATEWAY, MEMBER_MAC, ROUTER_MAC = "2001:db8:100:1::1", "02:00:00:00:01:01", "00:00:5e:00:52:13"
AIMED_AT = 0.95  # of the bare member, at the median
STREAMS = 8
PROGRAMS = (1, 4)  # that send, and as many that receive: one is bound by the processor that it is on


class Bare(Domain):
    """The address is on the link itself."""
    nodes = ("gw", "mn")
    interface = member_node = None

    def up(self):
        super().up()
        self.virtual()
        self.ip("mn", f"addr add {MN}/64 dev {self.interface} nodad", f"neigh add {GATEWAY} lladdr {ROUTER_MAC} dev {self.interface} nud permanent")

    def wire(self):
        self.veth("gw", "acc0", self.nodes[-1], "if1", mac=ROUTER_MAC, peer_mac=MEMBER_MAC)
        self.ip("gw", f"addr add {GATEWAY}/64 dev acc0 nodad", f"neigh add {MN} lladdr {MEMBER_MAC} dev acc0 nud permanent")

    def virtual(self):
        self.interface = "if1"

    def throughput(self, direction, programs, seconds):
        """Gbit/s that arrive, of all streams, shared out to so many pairs of programs."""
        ports = [str(5201 + number) for number in range(programs)]
        servers = [self.spawn("gw", "iperf3", "-s", "-1", "-p", port) for port in ports]
        while not all(f":{port}" in self.inside("gw", "ss", "-Hltn").stdout for port in ports):
            pass
        command = ["iperf3", "-c", GATEWAY, "-t", str(seconds), "-P", str(STREAMS // programs), "-J"] + (["-R"] if direction == "down" else [])
        clients = [self.spawn("mn", *command, "-p", port) for port in ports]
        reports = [json.loads(client.communicate(timeout=60 + seconds)[0]) for client in clients]
        for server in servers:
            server.communicate(timeout=20)
        return sum(report["end"]["sum_received"]["bits_per_second"] for report in reports) / 1e9


class VirtualInterface(Bare):
    def virtual(self):
        self.interface = "vif0"
        self.ip("mn", f"link add vif0 address {MEMBER_MAC} type veth peer name vif0-peer", "link set vif0-peer up", "link set vif0 up")
        rows = self.open("mn", "vif0", "if1")
        rows(f"member 0 if1 {MEMBER_MAC} up", "default 0")


class UserSpace(Bare):
    """Its link has a namespace of its own."""
    nodes = ("gw", "mn", "link")

    def virtual(self):
        self.interface = "tun0"
        self.forwarder = self.spawn("mn", TUN_FORWARDER, "tun0", f"/run/netns/{self.name}-link", "if1", ROUTER_MAC)
        if self.forwarder.stdout.readline() != "ready\n":
            sys.exit(self.forwarder.stderr.read())
        self.ip("mn", "link set tun0 up mtu 1500")

    def up(self):
        Domain.up(self)
        self.virtual()
        self.ip("mn", f"addr add {MN}/64 dev tun0 nodad")

    def down(self):
        self.forwarder.kill()
        self.forwarder.communicate()
        super().down()


KINDS = {"bare member": Bare, "virtual interface": VirtualInterface, "user space": UserSpace}


def summary(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values), "samples": values}


def measure(domains, rounds, seconds):
    """Rows of the direction, the number of programs and the samples of each kind."""
    rows = [(direction, programs, {kind: [] for kind in domains}) for programs in PROGRAMS for direction in ("down", "up")]
    for number in range(rounds):
        for direction, programs, by_kind in rows:
            for kind in random.sample(list(domains), len(domains)):
                by_kind[kind].append(domains[kind].throughput(direction, programs, seconds))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return rows


def result(direction, programs, by_kind):
    bare = by_kind["bare member"]
    ratios = {kind: summary([a / b for a, b in zip(values, bare)]) for kind, values in by_kind.items() if kind != "bare member"}
    return {"direction": direction, "programs": programs, "unit": "Gbit/s", "kinds": {kind: summary(values) for kind, values in by_kind.items()},
            "ratios": ratios, "aimed_at": AIMED_AT, "reached": ratios["virtual interface"]["median"] >= AIMED_AT}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=11)
    options.add_argument("--seconds", type=int, default=1)
    options.add_argument("--output", type=pathlib.Path)
    chosen = options.parse_args()
    domains, load = {}, os.getloadavg()[0]
    try:
        for number, (kind, build) in enumerate(KINDS.items()):
            domains[kind] = build(f"fm-{os.getpid()}-v{number}")
            domains[kind].up()
            domains[kind].inside("mn", "ping", "-c2", "-i0.2", "-W5", GATEWAY)
        rows = measure(domains, chosen.rounds, chosen.seconds)
    finally:
        for domain in domains.values():
            domain.down()
    results = [result(*row) for row in rows]
    report = {"kernel": platform.release(), "cpus": os.cpu_count(), "load_before": load, "rounds": chosen.rounds, "seconds": chosen.seconds,
              "streams": STREAMS, "results": results}
    if chosen.output:
        chosen.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for row in results:
        print(f"{row['direction']:5}{row['programs']} programs: "
              + "; ".join(f"{kind} {one['median']:.1f} ({one['lowest']:.1f}-{one['highest']:.1f})" for kind, one in row["kinds"].items())
              + " Gbit/s; of the bare member: " + "; ".join(f"{kind} {one['median']:.2f} ({one['lowest']:.2f}-{one['highest']:.2f})"
                                                            for kind, one in row["ratios"].items())
              + ("" if row["reached"] else f"; {AIMED_AT} is MISSED"))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")
