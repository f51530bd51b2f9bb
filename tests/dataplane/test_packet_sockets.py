# SPDX-License-Identifier: Apache-2.0
"""What leaves a MAG has no trace of the tunnel in its offload state: the access links pass through packet sockets."""
import json

import pytest

from conftest import CN, HERE, MEMBERS, MN, ROUTER_MAC, Domain, built_and_bound


class RelayedDomain(Domain):
    """MAG acc0 -- a-MAG [relay] b-MAG -- member, the relay in a namespace of its own."""
    nodes = (*Domain.nodes, "wire")

    def access(self, mag):
        member, mac = MEMBERS[mag]
        self.veth(mag, "acc0", "wire", f"a-{mag}", mac=ROUTER_MAC)
        self.veth("wire", f"b-{mag}", "mn", member, peer_mac=mac)
        self.host_route(mag)


@pytest.fixture(scope="module")
def domain():
    yield from built_and_bound(RelayedDomain)


@pytest.fixture
def relays(domain):
    """Call it to stop the relays and to have their counts, by MAG."""
    running = {mag: domain.spawn("wire", "python3", HERE / "relay.py", f"a-{mag}", f"b-{mag}") for mag in MEMBERS}
    for relay in running.values():
        assert relay.stdout.readline() == "ready\n"

    def stop():
        for relay in running.values():
            relay.terminate()
        return {mag: json.loads(relay.communicate()[0]) for mag, relay in running.items()}

    yield stop
    for relay in running.values():
        relay.kill()


@pytest.mark.parametrize("direction", ["down", "up"])
def test_tcp_segments_cross_as_one(domain, relays, direction):
    assert domain.tcp(direction, seconds=1)["sum_received"]["bytes"] > 1e6
    counts = relays()["mag2"]
    assert counts["errors"][:3] == []
    assert counts["gso-tcp"] > 20


def receive(domain, node, source, code):
    receiver = domain.spawn(node, "timeout", "5", "python3", "-c",
                            "import socket;s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM);s.bind(('::',7000));"
                            "print('ready',flush=True)\nfor i in range(10): print(len(s.recv(2000)),flush=True)")
    assert receiver.stdout.readline() == "ready\n"
    domain.inside(source, "python3", "-c", "import socket;s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM);" + code)
    return receiver.communicate()[0].split()


@pytest.mark.parametrize("receiver,address,sender", [("mn", MN, "cn"), ("cn", CN, "mn")])
def test_udp_with_a_partial_checksum(domain, relays, receiver, address, sender):
    got = receive(domain, receiver, sender, f"[s.sendto(b'x'*1000, ('{address}', 7000)) for i in range(10)]")
    counts = relays()
    assert got == ["1000"] * 10
    assert sum(c["partial-udp"] for c in counts.values()) == 10
    assert all(c["errors"] == [] for c in counts.values())


@pytest.mark.parametrize("receiver,address,sender", [("mn", MN, "cn"), ("cn", CN, "mn")])
def test_udp_segmentation(domain, relays, receiver, address, sender):
    """Ten datagrams in one buffer (UDP_SEGMENT)."""
    got = receive(domain, receiver, sender, f"s.setsockopt(17,103,1200);s.sendto(b'x'*12000, ('{address}', 7000))")
    counts = relays()
    assert got == ["1200"] * 10
    assert sum(c["gso-udp"] for c in counts.values()) == 1
    assert all(c["errors"] == [] for c in counts.values())


def test_udp_over_a_sender_without_offload(domain, relays):
    domain.inside("cn", "ethtool", "-K", "net0", "tx", "off")
    got = receive(domain, "mn", "cn", f"[s.sendto(b'x'*1000, ('{MN}', 7000)) for i in range(10)]")
    domain.inside("cn", "ethtool", "-K", "net0", "tx", "on")
    counts = relays()
    assert got == ["1000"] * 10
    assert sum(c["complete"] for c in counts.values()) == 10
    assert all(c["errors"] == [] for c in counts.values())
