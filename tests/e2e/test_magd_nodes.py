# SPDX-License-Identifier: Apache-2.0
"""flowmob-magd and hosts with a kernel of their own: one falls silent while its carrier stays, one has no mobility service.

    HOST node-acc1 -- acc1 MAG core0 -- far0 WORLD (no anchor)
"""
import ipaddress
import json
import os
import struct

import pytest

from conftest import eventually, run
from test_magd import Gateway

WORLD_ADDRESS, VISITED = "2001:db8:a::2", "2001:db8:99::"


class Surroundings(Gateway):
    """The gateway, a host and the world, each in a namespace of its own."""

    def __init__(self, name, directory, head="", access="", attach_on="carrier"):
        self.head, self.access, self.attach_on = head, access, attach_on
        self.host, self.world = name + "h", name + "w"
        super().__init__(name, directory)

    def file(self, *arguments, **keywords):
        text = super().file(*arguments, **keywords).replace('name = "mag"\n', 'name = "mag"\n' + self.head, 1)
        text = text.replace('attach_on = ["carrier"]', f'attach_on = ["{self.attach_on}"]', 1)  # that of acc1
        return text.replace('interface = "acc1"\n', 'interface = "acc1"\n' + self.access, 1)

    def up(self):
        super().up()
        for namespace in (self.host, self.world):
            run("ip", "netns", "add", namespace)
        self.ip(f"link set node-acc1 netns {self.host}", f"link set far0 netns {self.world}")
        run("ip", "-n", self.world, "link", "set", "far0", "up")
        run("ip", "-n", self.world, "addr", "add", WORLD_ADDRESS + "/64", "dev", "far0", "nodad")
        run("ip", "-n", self.world, "route", "add", VISITED + "/64", "via", "2001:db8:a::1")

    def host_up(self, mac=None):
        if mac:
            run("ip", "-n", self.host, "link", "set", "node-acc1", "address", mac)
        run("ip", "-n", self.host, "link", "set", "node-acc1", "up")

    def in_host(self, *command, **keywords):
        return run("nsenter", f"--net=/run/netns/{self.host}", *command, **keywords)

    def messages(self, name):
        return self.ask("show statistics")["result"]["messages"].get(name, 0)

    def down(self):
        super().down()
        for namespace in (self.host, self.world):
            run("ip", "netns", "del", namespace, check=False)


@pytest.fixture(name="surrounded")
def gateway_and_surroundings(tmp_path):
    made = []

    def make(**keys):
        made.append(Surroundings(f"fm{os.getpid()}n{len(made)}", tmp_path, **keys))
        made[-1].up()
        return made[-1]

    yield make
    for one in made:
        one.down()


def test_a_router_solicitation_attaches_who_sent_it(surrounded):
    """The carrier alone does not: nothing tells whose it is. The link-layer address of the solicitation does."""
    mag = surrounded(attach_on="router-solicitation")
    mag.in_host("sysctl", "-qw", "net.ipv6.conf.node-acc1.disable_ipv6=1")
    mag.host_up()
    links = lambda: {link["interface"]: link["carrier"] for link in mag.ask("show links")["result"]["links"]}
    eventually(lambda: links().get("acc1") and "acc2" in mag.attached(), what=mag.log)
    assert mag.attached() == ["acc2"]
    mag.in_host("sysctl", "-qw", "net.ipv6.conf.node-acc1.disable_ipv6=0")
    eventually(lambda: "acc1" in mag.attached(), seconds=30, what=mag.log)
    assert mag.messages("rs_received") >= 1


def test_a_node_that_falls_silent_is_detached_though_its_carrier_stays(surrounded):
    """RFC 5213 section 6.13: by Neighbor Unreachability Detection."""
    mag = surrounded(head='neighbor_probe_interval = "1s"\nneighbor_probes = 3\n')
    mag.host_up()
    eventually(lambda: "acc1" in mag.attached(), what=mag.log)
    eventually(lambda: mag.messages("na_received") >= 4, seconds=30, what="answers to four probes")
    assert "acc1" in mag.attached()
    mag.in_host("sysctl", "-qw", "net.ipv6.conf.node-acc1.disable_ipv6=1")
    eventually(lambda: "acc1" not in mag.attached(), seconds=30, what=mag.log)
    assert json.loads(mag.inside("ip", "-j", "link", "show", "acc1").stdout)[0]["operstate"] == "UP"
    mag.in_host("sysctl", "-qw", "net.ipv6.conf.node-acc1.disable_ipv6=0")
    eventually(lambda: "acc1" in mag.attached(), seconds=30, what="its first word brings it back")


def test_a_node_without_service_gets_plain_ipv6_where_there_is_a_visited_prefix(surrounded):
    """RFC 5213 section 6.14: normal address configuration, and its packets are routed."""
    mag = surrounded(access=f'visited_prefix = "{VISITED}/64"\n')
    mag.host_up(mac="02:00:00:00:09:09")

    def address():
        shown = json.loads(mag.in_host("ip", "-6", "-j", "addr", "show", "dev", "node-acc1", "scope", "global").stdout)
        return [a["local"] for link in shown for a in link.get("addr_info", []) if a.get("local") and not a.get("tentative")]

    mine = eventually(address, seconds=30, what=mag.log)
    assert all(one.startswith(VISITED[:-1]) for one in mine), mine
    done = mag.in_host("ping", "-c", "2", "-i", "0.2", "-W", "5", WORLD_ADDRESS, check=False)
    assert done.returncode == 0, done.stdout + mag.inside("ip", "-6", "route").stdout
    assert all(row["packets"] == 0 for row in mag.ask("show statistics")["result"]["data_plane_drops"]
               if row["reason"] in ("no-binding", "spoofed-source"))


def test_without_a_visited_prefix_it_gets_nothing(surrounded):
    mag = surrounded()
    mag.host_up(mac="02:00:00:00:09:09")
    eventually(lambda: mag.ask("show statistics")["result"]["drops"].get("unknown-node", 0) > 0, seconds=30, what=mag.log)
    assert mag.messages("ra_sent") == 0


ANCHOR = "2001:db8:1::1"
TOO_BIG = """import socket,sys
s=socket.socket(socket.AF_INET6,socket.SOCK_RAW,socket.IPPROTO_ICMPV6);s.sendto(bytes.fromhex(sys.argv[2]),(sys.argv[1],0))"""


def test_the_tunnel_follows_the_path_to_the_anchor(surrounded):
    """RFC 5213 section 6.9.5: a router of the path says that a tunnel packet is too big."""
    mag = surrounded()
    mag.ip(f"route add {ANCHOR}/128 via {WORLD_ADDRESS}")
    pack = ipaddress.ip_address
    tunnelled = struct.pack("!IHBB", 6 << 28, 1200, 41, 64) + pack("2001:db8:a::1").packed + pack(ANCHOR).packed + bytes(1200)
    message = struct.pack("!BBHI", 2, 0, 0, 1380) + tunnelled[:1180]  # the kernel fills the checksum in

    def noticed():
        run("nsenter", f"--net=/run/netns/{mag.world}", "python3", "-c", TOO_BIG, "2001:db8:a::1", message.hex())
        return "packets of 1340 octets" in mag.log()

    eventually(noticed, seconds=30, what=lambda: mag.log() + mag.inside("ip", "-6", "route", "get", ANCHOR).stdout)
