# SPDX-License-Identifier: Apache-2.0
"""A domain for an unmodified host with IPv4 (RFC 5844): between anchor and gateways there is IPv6 alone, or IPv4 alone.

    CN far0 -- core0 LMA acc1 -- net0 MAG1 acc0 -- port1 AIR port0 -- eth0 HOST
                         acc2 -- net0 MAG2 acc0 -- port2
"""
import json
import pathlib
import select
import signal
import socket
import subprocess
import sys
import time

from conftest import BIN, eventually, run

CN, CN_ROUTER, HOME, HOME_ROUTER = "203.0.113.10", "203.0.113.1", "198.51.100.2", "198.51.100.1"
LMAA, COA = "2001:db8:f::1", {1: "2001:db8:a::1", 2: "2001:db8:b::1"}
LMAA4, COA4 = "192.0.2.1", {1: "192.0.2.11", 2: "192.0.2.12"}
HOST_MAC, ROUTER_MAC = "02:00:00:00:04:01", "00:00:5e:00:52:13"  # the router's: RFC 6543
MN = "host@example.net"

ANCHOR = f"""[lma]
name = "lma"
address = "{LMAA}"
core_interfaces = ["core0"]
access_interfaces = ["acc1", "acc2"]
pools = ["2001:db8:100::/56"]
ipv4_pools = ["{HOME_ROUTER}/24"]
PATHS
[[mag]]
name = "mag1"
address = "{COA[1]}"
security = "none"

[[mag]]
name = "mag2"
address = "{COA[2]}"
security = "none"

[[mobile_node]]
id = "{MN}"
"""

GATEWAY = f"""[mag]
name = "NAME"
address = "COA"
transport_interfaces = ["net0"]
ip_versions = "dual"
dhcp_lease_time = "1min"
PATHS
[lma]
address = "{LMAA}"
security = "none"

[[access]]
name = "air"
interface = "acc0"
technology = "802.11"
handoff_indicator = "between-mags"
attach_on = ["router-solicitation", "carrier"]

[[mobile_node]]
id = "{MN}"
link_layer = ["{HOST_MAC}"]
access = "air"
"""

LINES = {
    "cn": f"addr add {CN}/24 dev far0; route add default via {CN_ROUTER}",
    "lma": f"addr add {LMAA}/128 dev lo nodad; addr add {CN_ROUTER}/24 dev core0; addr add 2001:db8:1::1/64 dev acc1 nodad; "
           f"addr add 2001:db8:2::1/64 dev acc2 nodad; route add {COA[1]}/128 via 2001:db8:1::2; "
           f"route add {COA[2]}/128 via 2001:db8:2::2",
    "mag1": f"addr add {COA[1]}/128 dev lo nodad; addr add 2001:db8:1::2/64 dev net0 nodad; route add default via 2001:db8:1::1",
    "mag2": f"addr add {COA[2]}/128 dev lo nodad; addr add 2001:db8:2::2/64 dev net0 nodad; route add default via 2001:db8:2::1",
    "air": "link add sky type bridge forward_delay 0; link set port0 master sky; link set port1 master sky; "
           "link set port2 master sky; link set sky up; link set port2 down",
    "host": "",
}
LINKS = [("cn", "far0", "lma", "core0"), ("lma", "acc1", "mag1", "net0"), ("lma", "acc2", "mag2", "net0"),
         ("air", "port1", "mag1", "acc0"), ("air", "port2", "mag2", "acc0"), ("air", "port0", "host", "eth0")]


# What is another between anchor and gateways where that is IPv4.
OVER_IPV4 = {
    "cn": LINES["cn"] + "; addr add 2001:db8:c::10/64 dev far0 nodad; route add 2001:db8:100::/56 via 2001:db8:c::1",
    "lma": f"addr add {LMAA}/128 dev lo nodad; addr add {CN_ROUTER}/24 dev core0; addr add 2001:db8:c::1/64 dev core0 nodad; "
           f"addr add {LMAA4}/32 dev lo; addr add 10.0.1.1/24 dev acc1; addr add 10.0.2.1/24 dev acc2; "
           f"route add {COA4[1]}/32 via 10.0.1.2; route add {COA4[2]}/32 via 10.0.2.2",
    "mag1": f"addr add {COA4[1]}/32 dev lo; addr add 10.0.1.2/24 dev net0; route add {LMAA4}/32 via 10.0.1.1",
    "mag2": f"addr add {COA4[2]}/32 dev lo; addr add 10.0.2.2/24 dev net0; route add {LMAA4}/32 via 10.0.2.1",
}


def over_ipv4(text):
    text = text.replace(f'address = "{LMAA}"\ncore', f'address = "{LMAA}"\nipv4_address = "{LMAA4}"\ncore')
    text = text.replace(f'[lma]\naddress = "{LMAA}"', f'[lma]\naddress = "::ffff:{LMAA4}"')
    for number, address in COA.items():
        text = text.replace(address, f"::ffff:{COA4[number]}")
    return text


class Ipv4Domain:
    """Namespaces, daemons and the host, which is at MAG1 in the beginning; `edited` changes what daemons are configured with."""

    def __init__(self, name, directory, transport="ipv6", edited=lambda text: text):
        self.name, self.directory, self.processes = name, pathlib.Path(directory), []
        self.lines = LINES if transport == "ipv6" else {**LINES, **OVER_IPV4}
        self.edits = [edited] if transport == "ipv6" else [edited, over_ipv4]

    def space(self, node):
        return f"{self.name}-{node}"

    def inside(self, node, *command, **keywords):
        return run("nsenter", f"--net=/run/netns/{self.space(node)}", *command, **keywords)

    def spawn(self, node, *command, **keywords):
        self.processes.append(subprocess.Popen(["nsenter", f"--net=/run/netns/{self.space(node)}", *map(str, command)],
                                               text=True, **keywords))
        return self.processes[-1]

    def ip(self, node, lines):
        run("ip", "-batch", "-", "-netns", self.space(node), input=lines.replace("; ", "\n") + "\n")

    def up(self):
        for node in LINES:
            run("ip", "netns", "add", self.space(node))
            self.inside(node, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv4.conf.default.rp_filter=0",
                        "net.ipv4.conf.all.rp_filter=0")
            self.ip(node, "link set lo up")
        self.inside("lma", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for a, end, b, other in LINKS:
            self.ip(a, f"link add {end} type veth peer name {other} netns {self.space(b)}; link set {end} up")
            self.ip(b, f"link set {other} up")
        self.ip("host", f"link set eth0 address {HOST_MAC}")
        for node, lines in self.lines.items():
            self.ip(node, lines)
        self.daemon("lma", "flowmob-lmad", ANCHOR)
        for number in COA:
            self.daemon(f"mag{number}", "flowmob-magd", GATEWAY.replace("NAME", f"mag{number}").replace("COA", COA[number]))

    def daemon(self, node, program, text):
        paths = (f'control = "{self.directory / node}.sock"\nstate = "{self.directory / node}.db"\n'
                 f'bpf = "/sys/fs/bpf/{self.space(node)}"\n')
        file = self.directory / f"{node}.toml"
        for edit in self.edits:
            text = edit(text)
        file.write_text(text.replace("PATHS", paths))
        with open(self.directory / f"{node}.log", "w", encoding="utf-8") as log:
            self.processes.append(subprocess.Popen([BIN / program, "--config", file, "--netns", self.space(node)],
                                                   stdout=log, stderr=log))
        eventually(lambda: self.answers(node), what=f"{node}: {self.log(node)}")

    def log(self, node):
        return (self.directory / f"{node}.log").read_text()

    def answers(self, node):
        try:
            return self.ask(node, "status")
        except (OSError, ValueError):
            return None

    def ask(self, node, command, **arguments):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(5)
            control.connect(str(self.directory / f"{node}.sock"))
            control.sendall(json.dumps({"command": command, "args": arguments}).encode() + b"\n")
            return json.loads(control.makefile().readline())["result"]

    def session(self):
        """The host's only active session at the anchor."""
        active = [s for s in self.ask("lma", "show sessions")["sessions"] if s["state"] == "active"]
        assert len(active) <= 1, active
        return active[0] if active else {"mag": None, "ipv4_address": None, "prefixes": []}

    def wait_for(self, mag):
        eventually(lambda: self.session()["mag"] == mag, seconds=30,
                   what=f"a session by {mag}: {self.session()}\n{self.log('lma')}\n{self.log(mag)}")

    def roam(self, number):
        """The host's radio hears another gateway; the host itself sees nothing of that."""
        self.ip("air", f"link set port{3 - number} down; link set port{number} up")
        self.wait_for(f"mag{number}")

    def ipv4_of_host(self):
        shown = json.loads(self.inside("host", "ip", "-4", "-j", "addr", "show", "dev", "eth0").stdout)
        return [f"{a['local']}/{a['prefixlen']}" for link in shown for a in link.get("addr_info", []) if a.get("local")]

    def ping(self, node, to, *options):
        done = self.inside(node, "ping", "-c", "3", "-i", "0.2", "-W", "5", *options, to, check=False)
        return done.returncode == 0, done.stdout

    def cut_trains(self):
        """Between anchor and gateways the kernel cuts trains of TCP segments before the link, which else takes them whole."""
        for node, interface in (("mag1", "net0"), ("mag2", "net0"), ("lma", "acc1"), ("lma", "acc2")):
            self.inside(node, "ethtool", "-K", interface, "tso", "off", "gso", "off", "tx-udp_tnl-segmentation", "off")

    def refused(self):
        """What data planes dropped because of how it was carried."""
        reasons = {"encapsulation", "decapsulation", "malformed", "unknown-tunnel"}
        return {node: found for node in ("lma", "mag1", "mag2") if (found := reasons & self.drops(node).keys())}

    def drops(self, node):
        return {row["reason"]: row["packets"] for row in self.ask(node, "show statistics")["data_plane_drops"] if row["packets"]}

    def down(self):
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for node in LINES:
            run("ip", "netns", "del", self.space(node), check=False)
            run("rm", "-rf", f"/sys/fs/bpf/{self.space(node)}")


# Numbers in order, as fast as they are taken.
SOURCE = """import socket, sys
peer = socket.create_server((sys.argv[1], 7000)).accept()[0]
number = 0
while True:
    peer.sendall(b"%09d\\n" % number)
    number += 1
"""
SINK = """import socket, sys, time
peer = socket.create_connection((sys.argv[1], 7000)).makefile("rb")
for number, line in enumerate(peer):
    assert int(line) == number, (line, number)
    if number % 20000 == 0:
        print(time.time_ns(), flush=True)
"""


class Client:
    """Debian's dhclient, with its own script."""

    def __init__(self, domain):
        self.domain = domain
        self.files = ["-pf", domain.directory / "dhclient.pid", "-lf", domain.directory / "dhclient.leases"]

    def start(self):
        self.domain.spawn("host", "dhclient", "-4", "-d", *self.files, "eth0", stdout=subprocess.DEVNULL, stderr=self.log("w"))
        eventually(self.is_configured, seconds=40, what="an address and a way out by dhclient")
        return self

    def is_configured(self):
        """Its script sets the route a moment after the address."""
        return self.domain.ipv4_of_host() and "default" in self.domain.inside("host", "ip", "-4", "route").stdout

    def log(self, mode):
        return open(self.domain.directory / "dhclient.log", mode, encoding="utf-8")

    def said(self):
        return (self.domain.directory / "dhclient.log").read_text()

    def release(self):
        self.domain.inside("host", "dhclient", "-4", "-r", *self.files, "eth0")


class Stream:
    """A connection from the correspondent to the host, which sends numbers; every 20,000 in order there is a word of it."""

    def __init__(self, domain):
        domain.spawn("host", sys.executable, "-c", SOURCE, HOME, stdout=subprocess.DEVNULL)
        eventually(lambda: domain.inside("host", "ss", "-Hltn", "sport = :7000").stdout, what="the server")
        self.sink = domain.spawn("cn", sys.executable, "-c", SINK, HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.goes_on()

    def goes_on(self):
        """Numbers arrive that had not when this was asked."""
        asked = heard = time.time_ns()
        while heard <= asked:
            assert select.select([self.sink.stdout], [], [], 30)[0], "nothing arrives any more"
            line = self.sink.stdout.readline()
            assert line, self.sink.stderr.read()
            heard = int(line)
