#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Packets a second on one core, from live XDP frames to where they are counted and dropped: plain forwarding, the kernel's SRv6 tunnel,
and each of the data plane's ways. Rounds of all in an order drawn anew. And the latency at half of the anchor's rate.
docs/performance.md says how to read it."""
import argparse
import json
import os
import pathlib
import random
import socket
import statistics
import struct
import subprocess
import sys

from domains import BUILD, CN, LMA, MAGS, MEMBERS, MN, ROOT, ROUTER_MAC, VIA_MAG1, Anchor, Domain, Gateway, KernelTunnel, Plain
from figures import figure, not_measured, ratios

LIVE_FRAMES = (ROOT / BUILD / "bin/live-frames").resolve()
FLOWS = 1024
PORT = 20000
MAG = MAGS["mag1"]
MEMBER, MEMBER_MAC = MEMBERS["mag1"]
OUTSIDE = "2001:db8:c:2::10"  # beyond the node, where it is a router


def address(text):
    return socket.inet_pton(socket.AF_INET6, text)


def ipv6(source, destination, following, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), following, 64) + address(source) + address(destination) + payload


def frame(to, sender, source, destination, tunnel=None):
    """An IPv6 packet of 66 octets with UDP, perhaps in a tunnel; `to` and `sender` are MACs."""
    packet = ipv6(source, destination, 17, struct.pack("!HHHH", PORT, 4000, 26, 0) + bytes(18))
    if tunnel:
        packet = ipv6(*tunnel, 41, packet)
    return (bytes.fromhex((to + sender).replace(":", "")) + b"\x86\xdd" + packet).hex()


class Path:
    """A domain with a generator at one end and a sink at the other."""
    sender = entrance = exit = None  # (node, interface); `entrance` is the peer of what the sender has
    packet = (CN, MN)
    tunnel = None
    mac = "02:00:00:00:00:ff"

    def __init__(self, domain, name):
        self.domain, self.programs = domain, pathlib.Path("/sys/fs/bpf") / f"{domain.name}-{name}"

    def lay(self):
        node, interface = self.entrance
        self.domain.inside(self.sender[0], LIVE_FRAMES, "load", self.programs)
        self.express(node, interface, self.entrance_program())
        self.sink()
        links = json.loads(self.domain.inside(node, "ip", "-j", "link", "show", "dev", interface).stdout)
        self.frame = frame(links[0]["address"], self.mac, *self.packet, self.tunnel)
        return self

    def express(self, node, interface, program):
        self.domain.inside(node, "ip", "link", "set", "dev", interface, "xdp", "pinned", program)

    def entrance_program(self):
        return self.programs / "pass_xdp"

    def sink(self):
        self.classifier(*self.exit, "sink")

    def classifier(self, node, interface, program, hook="ingress"):
        self.domain.inside(node, "tc", "qdisc", "add", "dev", interface, "clsact", check=False)
        self.domain.inside(node, "tc", "filter", "add", "dev", interface, hook, "pref", 1, "bpf", "direct-action", "object-pinned",
                           self.programs / program)

    def run(self, seconds, *interval):
        node, interface = self.sender
        return json.loads(self.domain.inside(node, "taskset", "-c", "1", LIVE_FRAMES, "run", self.programs, interface, self.frame, FLOWS,
                                             seconds, *interval).stdout)

    def rate(self, seconds):
        done = self.run(seconds)
        return done["arrived"] / done["seconds"]

    def remove(self):
        subprocess.run(["rm", "-rf", self.programs], check=True)


class Generator(Path):
    """Frames that are dropped as soon as they arrive."""
    sender, entrance = ("cn", "net0"), ("lma", "core0")

    def entrance_program(self):
        return self.programs / "sink_xdp"

    def sink(self):
        pass


class AnchorDownlink(Path):
    sender, entrance, exit = ("cn", "net0"), ("lma", "core0"), ("mag1", "net0")


class AnchorExpress(AnchorDownlink):
    """The anchor's XDP program, and as little behind it."""

    def entrance_program(self):
        return self.domain.express_program()

    def sink(self):
        self.express(*self.exit, self.programs / "sink_xdp")


class GatewayDownlink(Path):
    sender, entrance, exit = ("lma", "acc1"), ("mag1", "net0"), ("mn", MEMBER)
    tunnel = (LMA, MAG)


class GatewayUplink(Path):
    sender, entrance, exit = ("mn", MEMBER), ("mag1", "acc0"), ("lma", "acc1")
    packet, mac = (MN, CN), MEMBER_MAC


class PlainDownlink(GatewayDownlink):
    tunnel = None


class Node(Domain):
    """A mobile node between its gateway and a link to somewhere else."""
    nodes = ("gw", "mn", "far")

    def wire(self):
        self.veth("gw", "acc0", "mn", MEMBER, mac=ROUTER_MAC, peer_mac=MEMBER_MAC)
        self.veth("far", "net0", "mn", "aux0")
        self.inside("mn", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        self.ip("mn", "addr add 2001:db8:c:2::1/64 dev aux0 nodad", f"neigh add {OUTSIDE} lladdr 02:00:00:00:00:0f dev aux0 nud permanent",
                f"neigh add fe80::1 lladdr {ROUTER_MAC} dev {MEMBER} nud permanent", f"route add default via fe80::1 dev {MEMBER}")


class Router(Node):
    """What plain forwarding makes of the same frames."""

    def bind(self):
        pass


class VirtualInterface(Node):
    def bind(self):
        self.ip("mn", f"link add vif0 address {MEMBER_MAC} type veth peer name vif0-peer", "link set vif0-peer up", "link set vif0 up",
                f"addr add {MN}/128 dev vif0 nodad")
        self.rows_of_mn = self.open("mn", "vif0", MEMBER)
        self.rows_of_mn(f"member 0 {MEMBER} {MEMBER_MAC} up", "default 0")


class RouterReceives(Path):
    sender, entrance, exit = ("gw", "acc0"), ("mn", MEMBER), ("far", "net0")
    packet = (CN, OUTSIDE)


class RouterSends(Path):
    sender, entrance, exit = ("far", "net0"), ("mn", "aux0"), ("gw", "acc0")
    packet = (MN, CN)


class NodeReceives(RouterReceives):
    exit = ("mn", "vif0")
    packet = (CN, MN)


class NodeSends(RouterSends):
    """A program on the node's other link puts what comes there into the virtual interface, in the place of a sender."""

    def sink(self):
        super().sink()
        self.classifier("mn", "aux0", "divert")
        self.domain.inside("mn", LIVE_FRAMES, "divert", self.programs, "vif0")


class ExpressAnchor(Anchor):
    """The rows that its XDP program wants: interfaces, their MACs, and what they are for."""
    FROM_CORE, SENDS = 1, 4

    def express_program(self):
        return self.bpf / "lma" / "programs" / "lma_xdp"

    def bind(self):
        super().bind()
        if not self.express_program().exists():
            return
        for interface, flags in (("core0", self.FROM_CORE | self.SENDS), ("acc1", self.SENDS)):
            link = json.loads(self.inside("lma", "ip", "-j", "link", "show", "dev", interface).stdout)[0]
            key, value = struct.pack("=I", link["ifindex"]), bytes.fromhex(link["address"].replace(":", "")) + struct.pack("=H", flags)
            self.inside("lma", "bpftool", "map", "update", "pinned", self.bpf / "lma/maps/xdp_links", "key", *key, "value", *value)


# What is measured: the domain and the ways through it.
PATHS = {
    "generator": (Plain, Generator),
    "anchor plain": (Plain, AnchorDownlink),
    "anchor srv6": (KernelTunnel, AnchorDownlink),
    "anchor tc": (Anchor, AnchorDownlink),
    "anchor xdp": (ExpressAnchor, AnchorExpress),
    "gateway down plain": (Plain, PlainDownlink),
    "gateway down tc": (Gateway, GatewayDownlink),
    "gateway up plain": (Plain, GatewayUplink),
    "gateway up tc": (Gateway, GatewayUplink),
    "node rx plain": (Router, RouterReceives),
    "node rx vif": (VirtualInterface, NodeReceives),
    "node tx plain": (Router, RouterSends),
    "node tx vif": (VirtualInterface, NodeSends),
}


def build(paths):
    for number, (name, (domain, path)) in enumerate(PATHS.items()):
        made = domain(f"fm-{os.getpid()}-p{number}")
        laid = path(made, "frames")
        paths[name] = laid
        made.up()
        made.bind()
        if path is AnchorExpress and not made.express_program().exists():
            paths.pop(name).domain.down()
            continue
        if "mag1" in made.nodes:  # so that the neighbours know each other
            made.inside("lma", "ping", "-c1", "-W2", VIA_MAG1)
        laid.lay()


def measure(paths, rounds, seconds):
    rates = {name: [] for name in paths}
    for number in range(rounds):
        for name in random.sample(list(paths), len(paths)):
            rates[name].append(paths[name].rate(seconds))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return rates


def quantile(ages, share):
    """In microseconds, rounded up."""
    left = share * sum(count for _, count in ages)
    for age, count in ages:
        left -= count
        if left <= 0:
            return age + 1
    return None


def latencies(paths, names, rates, rounds, seconds):
    """At half of the anchor's rate, of one path after the other."""
    interval = round(2e9 / statistics.median(rates["anchor tc"]))
    found = {name: [] for name in names}
    for _ in range(rounds):
        for name in random.sample(names, len(names)):
            done = paths[name].run(seconds, interval)
            found[name].append({"p50_us": quantile(done["ages"], 0.5), "p999_us": quantile(done["ages"], 0.999), "sent": done["sent"],
                                "lost": done["sent"] - done["arrived"], "rate": done["sent"] / done["seconds"]})
    return {"interval_ns": interval, "paths": found}


def net(rates, name):
    """Seconds a packet without the generator's."""
    return [1 / rate - 1 / own for rate, own in zip(rates[name], rates["generator"])]


def figures_of(rates, latency):
    compared = {"tc_pps_vs_srv6": ("anchor tc", "anchor srv6", "kernel SRv6 (encap.red)"),
                "mag_down_tc_vs_plain": ("gateway down tc", "gateway down plain", "plain forwarding"),
                "mag_up_tc_vs_plain": ("gateway up tc", "gateway up plain", "plain forwarding"),
                "vif_tx_vs_plain": ("node tx vif", "node tx plain", "plain forwarding"),
                "vif_rx_vs_plain": ("node rx vif", "node rx plain", "plain forwarding")}
    made = []
    if "anchor xdp" in rates:
        compared["xdp_pps_vs_srv6"] = ("anchor xdp", "anchor srv6", "kernel SRv6 (encap.red)")
        made.append(figure("xdp_pps_vs_srv6_net", [a / b for a, b in zip(net(rates, "anchor srv6"), net(rates, "anchor xdp"))],
                           baseline="kernel SRv6 (encap.red)"))
    else:
        made += [not_measured(name, "the anchor has no XDP program in this build") for name in ("xdp_pps_vs_srv6", "xdp_pps_vs_srv6_net")]
    for name, (one, other, what) in compared.items():
        without = [a / b for a, b in zip(net(rates, other), net(rates, one))]
        made.append(figure(name, ratios(rates, one, other), baseline=what, packets_per_s=statistics.median(rates[one]),
                           baseline_packets_per_s=statistics.median(rates[other]), without_generator=statistics.median(without)))
    ours, plain = latency["paths"]["anchor tc"], latency["paths"]["anchor plain"]
    lost = sum(run["lost"] for run in ours)
    made.append(figure("latency_p999_ms", [run["p999_us"] / 1e3 for run in ours], "ms", "plain forwarding", lost=lost,
                       baseline_p999_ms=statistics.median(run["p999_us"] for run in plain) / 1e3, packets_per_s=1e9 / latency["interval_ns"]))
    return made


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--seconds", type=float, default=0.3)
    options.add_argument("--output", type=pathlib.Path)
    chosen = options.parse_args()
    paths = {}
    try:
        build(paths)
        rates = measure(paths, chosen.rounds, chosen.seconds)
        latency = latencies(paths, ["anchor tc", "anchor plain"], rates, 5, 1)
    finally:
        for path in paths.values():
            path.domain.down()
            path.remove()
    for name, values in rates.items():
        print(f"{name:<20} {statistics.median(values) / 1e3:8.0f} kpacket/s ({min(values) / 1e3:.0f} to {max(values) / 1e3:.0f}), "
              f"{1e9 / statistics.median(values):5.0f} ns a packet")
    if chosen.output:
        document = {"rounds": chosen.rounds, "seconds": chosen.seconds, "rates": rates, "latency": latency, "figures": figures_of(rates, latency)}
        chosen.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")
