# SPDX-License-Identifier: Apache-2.0
"""CN - LMA - MAG1/MAG2 - MN in namespaces of their own, wired by veth; the data plane's rows are put in by hand.

            acc1 -- net0 MAG1 acc0 -- if1
 CN -- core0 LMA                          vif0 MN
            acc2 -- net0 MAG2 acc0 -- if2
"""
import json
import os
import pathlib
import subprocess

import pytest

TOOL = os.environ.get("ROWS_TOOL", str(pathlib.Path(__file__).resolve().parents[2] / "build/tests/rows-tool"))
ROUTER_MAC = "00:00:5e:00:52:13"  # RFC 6543
PREFIX, MN, CN, LMA = "2001:db8:100:1::/64", "2001:db8:100:1::77", "2001:db8:c::10", "2001:db8:f::1"
MAGS = {"mag1": "2001:db8:a::1", "mag2": "2001:db8:b::1"}
MEMBERS = {"mag1": ("if1", "02:00:00:00:01:01"), "mag2": ("if2", "02:00:00:00:01:02")}


HERE = pathlib.Path(__file__).resolve().parent


def run(*command, check=True, timeout=60, **kwargs):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout, **kwargs)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))} -> {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def mount_bpffs():
    """systemd does it on a machine; nobody does in a container."""
    if " /sys/fs/bpf bpf " not in pathlib.Path("/proc/mounts").read_text():
        run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")


class Rows:
    """A running rows-tool: one command a line."""

    def __init__(self, domain, node, *arguments):
        self.process = subprocess.Popen(domain.enter(node) + [TOOL, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __call__(self, *lines):
        answers = []
        for line in lines:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            while True:
                answer = self.process.stdout.readline()
                if not answer:
                    raise AssertionError(f"{line}: {self.process.stderr.read()}")
                if answer == "ok\n":
                    break
                answers.append(answer.strip())
        return answers

    def drops(self):
        return {name: int(count) for name, count in (line.split() for line in self("drops"))}

    def traffic(self, kind, identifier):
        """(packets, bytes) down and up."""
        down_packets, down_bytes, up_packets, up_bytes = map(int, self(f"traffic {kind} {identifier}")[0].split())
        return (down_packets, down_bytes), (up_packets, up_bytes)

    def kill(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


class Domain:
    nodes = ("cn", "lma", "mag1", "mag2", "mn")

    def __init__(self, name):
        self.name, self.bpf = name, pathlib.Path("/sys/fs/bpf") / name
        self.rows = []

    def enter(self, node):
        """Not `ip netns exec`, which hides the BPF file system."""
        return ["nsenter", f"--net=/run/netns/{self.name}-{node}"]

    def inside(self, node, *command, **kwargs):
        return run(*self.enter(node), *command, **kwargs)

    def spawn(self, node, *command):
        return subprocess.Popen(self.enter(node) + [str(c) for c in command], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def ip(self, node, *lines):
        run("ip", "-batch", "-", "-netns", f"{self.name}-{node}", input="\n".join(lines) + "\n")

    def veth(self, node, interface, peer_node, peer_interface, *, mac=None, peer_mac=None):
        self.ip(node, f"link add {interface} {'address ' + mac if mac else ''} type veth peer name {peer_interface} "
                      f"{'address ' + peer_mac if peer_mac else ''} netns {self.name}-{peer_node}",
                f"link set {interface} up")
        self.ip(peer_node, f"link set {peer_interface} up")

    def up(self):
        mount_bpffs()
        self.namespaces()
        self.wire()

    def namespaces(self):
        for node in self.nodes:
            run("ip", "netns", "add", f"{self.name}-{node}")
            settings = ["net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0"]
            if node != "mn" and node != "cn":
                settings.append("net.ipv6.conf.all.forwarding=1")
            self.inside(node, "sysctl", "-qw", *settings)
            self.ip(node, "link set lo up")

    def wire(self):
        self.veth("cn", "net0", "lma", "core0")
        self.ip("cn", f"addr add {CN}/64 dev net0 nodad", "route add default via 2001:db8:c::1")
        self.ip("lma", "addr add 2001:db8:c::1/64 dev core0 nodad", f"addr add {LMA}/128 dev lo nodad")
        for number, mag in enumerate(MAGS, 1):
            self.transport(mag, number)
            self.access(mag)
        self.ip("lma", f"route add {PREFIX} via fd00:1::2")  # what the daemon's EnsureRoute does
        self.mobile_node()

    def transport(self, mag, number):
        self.veth("lma", f"acc{number}", mag, "net0")
        self.ip("lma", f"addr add fd00:{number}::1/64 dev acc{number} nodad",
                f"route add {MAGS[mag]} via fd00:{number}::2")
        self.ip(mag, f"addr add fd00:{number}::2/64 dev net0 nodad", f"addr add {MAGS[mag]}/128 dev lo nodad",
                f"route add default via fd00:{number}::1")

    def access(self, mag):
        member, mac = MEMBERS[mag]
        self.veth(mag, "acc0", "mn", member, mac=ROUTER_MAC, peer_mac=mac)
        self.host_route(mag)

    def host_route(self, mag):
        self.ip(mag, "addr add fe80::1/64 dev acc0 nodad", f"route add {PREFIX} dev acc0",
                f"neigh add {MN} lladdr {MEMBERS[mag][1]} dev acc0 nud permanent")

    def mobile_node(self):
        self.ip("mn", f"link add vif0 mtu 1460 address {MEMBERS['mag1'][1]} type veth peer name vif0-peer",
                "link set vif0-peer up", "link set vif0 up", f"addr add {MN}/128 dev vif0 nodad",
                f"neigh add fe80::1 lladdr {ROUTER_MAC} dev vif0 nud permanent", "route add default via fe80::1 dev vif0")

    def tcp(self, direction, seconds=2, streams=1):
        """What iperf3 has to say about TCP between MN and CN, which may have needed a moment to listen."""
        server = self.spawn("cn", "iperf3", "-s", "-1")
        try:
            for _ in range(100):
                if ":5201" in self.inside("cn", "ss", "-Hltn").stdout:
                    break
            reverse = ["-R"] if direction == "down" else []
            return json.loads(self.inside("mn", "iperf3", "-c", CN, "-t", seconds, "-P", streams, "-J", *reverse).stdout)["end"]
        finally:
            server.terminate()
            server.communicate()

    def down(self):
        for rows in self.rows:
            rows.kill()
        for node in self.nodes:
            run("ip", "netns", "del", f"{self.name}-{node}", check=False)
        run("rm", "-rf", self.bpf)

    def open(self, node, *arguments):
        role = node.rstrip("12") if node != "mn" else "vif"
        rows = Rows(self, node, role, self.bpf / node, *arguments)
        self.rows.append(rows)
        return rows

    def open_lma(self):
        return self.open("lma", LMA, "core0", "acc1,acc2")

    def bind_gateway(self, mag):
        rows = self.open(mag, MAGS[mag], "net0", "acc0")
        rows(f"host 1 acc0 {MEMBERS[mag][1]} {ROUTER_MAC} {MAGS[mag]} {LMA} 1460 {PREFIX}")
        return rows

    def bind(self):
        """Video (UDP from 5004 and 5005) through MAG1, all else through MAG2."""
        self.lma = self.open_lma()
        for session, (mag, address) in enumerate(MAGS.items(), 1):
            self.lma(f"tunnel {LMA} {address}", f"session {session} 1 {LMA} {address} 1460 {PREFIX}",
                     f"flow {session} 1 {session}")
            setattr(self, mag, self.bind_gateway(mag))
        self.lma(f"node 1 {PREFIX} 2 1 17 5004 5005")
        self.mn = self.open("mn", "vif0", "if1,if2")
        for number, (member, mac) in enumerate(MEMBERS.values()):
            self.mn(f"member {number} {member} {mac} up")
        self.mn("default 0")


def built_and_bound(kind=Domain):
    """Modules differ in their domain: a fixture of module scope yields from this."""
    built = kind(f"fm-{os.getpid()}-dp")
    try:
        built.up()
        built.bind()
        yield built
    finally:
        built.down()


@pytest.fixture(scope="module")
def domain():
    yield from built_and_bound()


@pytest.fixture
def stream(domain):
    """Starts a numbered UDP stream CN -> MN -> CN from the video port; call the result for its verdict."""
    echo = domain.spawn("mn", "python3", HERE / "stream.py", "echo", "6000")
    assert echo.stdout.readline() == "ready\n"

    def start(count=1500, rate=500):
        sender = domain.spawn("cn", "python3", HERE / "stream.py", "send", MN, "6000", "5004", rate, count)
        return lambda: json.loads(sender.communicate()[0])

    yield start
    echo.kill()
    echo.communicate()
