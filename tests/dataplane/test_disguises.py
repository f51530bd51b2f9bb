# SPDX-License-Identifier: Apache-2.0
"""Frames in which a packet might get round the programs: priority tags, VLANs nobody has, frames for many."""
import contextlib
import json

import pytest

import frames
from conftest import CN, LMA, MAGS, MEMBERS, MN, ROUTER_MAC

FOREIGN, PORT = "2001:db8:bad::66", "7000"
NODE_MAC = MEMBERS["mag1"][1]


@contextlib.contextmanager
def receiver(domain, node, code, argument):
    """What came until "end", as a list that is complete afterwards."""
    came = []
    process = domain.spawn(node, "timeout", "30", "python3", "-c", code, argument)
    try:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        yield came
        out, problems = process.communicate()
        assert process.returncode == 0, (out, problems)
        came += out.split()
    finally:
        process.kill()
        process.communicate()


def send(domain, node, interface, *packets):
    domain.inside(node, "python3", "-c", frames.SEND, interface, *(p.hex() for p in packets))


def from_node(packet, *tags, to=ROUTER_MAC):
    return frames.frame(to, NODE_MAC, packet, *tags)


def link_address(domain, node, interface):
    return json.loads(domain.inside(node, "ip", "-j", "link", "show", interface).stdout)[0]["address"]


def at_correspondent(domain, node, interface, sent):
    with receiver(domain, "cn", frames.RECEIVE_UDP, PORT) as came:
        send(domain, node, interface, *sent)
        send(domain, "mn", "if1", from_node(frames.udp(MN, CN, int(PORT), "end")))
    return came


def grown(rows, before):
    return {reason: count - before.get(reason, 0) for reason, count in rows.drops().items() if count != before.get(reason, 0)}


def test_a_foreign_source_gets_past_the_gateway_in_no_disguise(domain):
    """The anchor would forward it: it is no node's. That its sender is a node, attached and entitled, does not help."""
    before = domain.mag1.drops()
    sent = frames.forms(ROUTER_MAC, NODE_MAC, lambda name: frames.udp(FOREIGN, CN, int(PORT), name))
    assert at_correspondent(domain, "mn", "if1", sent.values()) == ["end"]
    assert grown(domain.mag1, before) == {"spoofed-source": 3, "nested-tags": 3, "multicast-frame": 3}


def test_without_the_program_they_do(domain):
    """What the other tests see is the programs' work and not the kernel's: else they would prove nothing."""
    sent = frames.forms(ROUTER_MAC, NODE_MAC, lambda name: frames.udp(FOREIGN, CN, int(PORT), name))
    domain.inside("mag1", "tc", "qdisc", "del", "dev", "acc0", "clsact")
    try:
        with receiver(domain, "cn", frames.RECEIVE_UDP, PORT) as came:
            send(domain, "mn", "if1", *sent.values())
            send(domain, "mn", "if1", from_node(frames.udp(FOREIGN, CN, int(PORT), "end")))
    finally:
        domain.mag1.kill()
        domain.mag1 = domain.bind_gateway("mag1")
    assert came == ["plain", "vid0", "svid0", "vid0vid0", "svidcvid", "vid0x3", "end"]


def test_a_priority_tag_does_no_harm(domain):
    before, (_, (up, _)) = domain.mag1.drops(), domain.mag1.traffic("attachment", 1)
    sent = [from_node(frames.udp(MN, CN, int(PORT), name), tag) for name, tag in (("low", 0), ("high", 7 << 13))]
    assert at_correspondent(domain, "mn", "if1", sent) == ["low", "high", "end"]
    assert grown(domain.mag1, before) == {}
    assert domain.mag1.traffic("attachment", 1)[1][0] == up + 3, "all through the tunnel"


def test_a_vlan_interface_of_the_gateway_is_its_own(domain):
    """It has no program of ours here: what comes by it is the operator's affair, tagged once or behind a priority tag."""
    made = domain.inside("mag1", "ip", "link", "add", "link", "acc0", "name", "acc0.7", "type", "vlan", "id", "7", check=False)
    if "Unknown device type" in made.stderr:
        pytest.skip("this kernel has no VLAN interfaces")
    try:
        domain.ip("mag1", "link set acc0.7 up")
        sent = frames.forms(ROUTER_MAC, NODE_MAC, lambda name: frames.udp(FOREIGN, CN, int(PORT), name))
        assert at_correspondent(domain, "mn", "if1", [sent["vid0vid7"], sent["vid7"], sent["vid7vid0"]]) == ["vid0vid7", "vid7", "vid7vid0", "end"]
    finally:
        domain.ip("mag1", "link del acc0.7")


def test_a_nodes_packet_outside_a_tunnel_gets_past_the_anchor_in_no_disguise(domain):
    router, sender = link_address(domain, "lma", "acc1"), link_address(domain, "mag1", "net0")
    before = domain.lma.drops()
    sent = frames.forms(router, sender, lambda name: frames.udp(MN, CN, int(PORT), name))
    assert at_correspondent(domain, "mag1", "net0", sent.values()) == ["end"]
    assert grown(domain.lma, before) == {"spoofed-source": 6, "nested-tags": 3}


def test_a_tunnel_packet_may_have_a_priority_tag(domain):
    inner = frames.udp(MN, CN, int(PORT), "tunnel")
    packet = frames.ipv6(MAGS["mag1"], LMA, 41, inner)
    sent = frames.frame(link_address(domain, "lma", "acc1"), link_address(domain, "mag1", "net0"), packet, 0)
    assert at_correspondent(domain, "mag1", "net0", [sent]) == ["tunnel", "end"]


@pytest.mark.parametrize("destination", [MAGS["mag1"], "ff02::1"])
@pytest.mark.parametrize("source", [LMA, MN, "fe80::7"])
def test_no_mobility_header_reaches_the_gateway_from_its_access_link(domain, source, destination):
    before = sum(domain.mag1.drops().values())
    sent = frames.forms(ROUTER_MAC, NODE_MAC, lambda name: frames.mobility_header(source, destination, name))
    with receiver(domain, "mag1", frames.RECEIVE_MOBILITY_HEADERS, MAGS["mag1"]) as came:
        send(domain, "mn", "if1", *sent.values())
        end = frames.frame(link_address(domain, "mag1", "net0"), link_address(domain, "lma", "acc1"),
                           frames.mobility_header(LMA, MAGS["mag1"], "end"))
        send(domain, "lma", "acc1", end)
    assert came == ["end"]
    assert sum(domain.mag1.drops().values()) == before + 9
