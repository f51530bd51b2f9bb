# SPDX-License-Identifier: Apache-2.0
"""What a node with one session for video and one for the rest sees of the network."""
import re
import subprocess

import pytest

from conftest import CN, LMA, MN


def ping(domain, node, *arguments, check=True):
    return domain.inside(node, "ping", "-i0.1", "-W2", *arguments, check=check).stdout


def test_ping_both_ways(domain):
    ping(domain, "cn", "-c3", MN)
    ping(domain, "mn", "-c3", CN)


def test_the_anchor_itself_reaches_the_node(domain):
    ping(domain, "lma", "-c2", "-I", LMA, MN)


@pytest.mark.parametrize("sender,receiver", [("cn", MN), ("mn", CN)])
def test_fragments_follow_their_first(domain, sender, receiver):
    ping(domain, sender, "-c3", "-s4000", receiver)


@pytest.mark.parametrize("offload", ["on", "off"])
@pytest.mark.parametrize("direction", ["down", "up"])
def test_tcp(domain, direction, offload):
    """Also with complete checksums and no segmentation at the senders: the difference would be a bug."""
    for node, interface in (("cn", "net0"), ("mn", "vif0")):
        domain.inside(node, "ethtool", "-K", interface, "tx", offload, "tso", offload, "gso", offload)
    try:
        result = domain.tcp(direction)
    finally:
        for node, interface in (("cn", "net0"), ("mn", "vif0")):
            domain.inside(node, "ethtool", "-K", interface, "tx", "on", "tso", "on", "gso", "on")
    print(direction, offload, result["sum_received"]["bits_per_second"] / 1e9)
    assert result["sum_received"]["bytes"] > 10e6


@pytest.mark.parametrize("node,interface", [("mag2", "net0"), ("mag2", "acc0"), ("mn", "if2")])
def test_tcp_crosses_in_units_larger_than_a_segment(domain, node, interface):
    capture = domain.spawn(node, "timeout", "20", "tcpdump", "-ni", interface, "-c", "100", "-s", "100", "ip6 and greater 9000")
    capture.stderr.readline()
    domain.tcp("down", seconds=1)
    assert capture.wait() == 0
    assert len(capture.communicate()[0].splitlines()) >= 100


def test_a_packet_longer_than_the_tunnel_is_answered(domain):
    domain.inside("cn", "ip", "-6", "route", "flush", "cache")
    answer = ping(domain, "cn", "-c1", "-Mdo", "-s1452", MN, check=False)
    assert f"From {LMA} icmp_seq=1 Packet too big: mtu=1460" in answer
    ping(domain, "cn", "-c1", "-Mdo", "-s1412", MN)
    assert domain.lma.drops()["too-big"] >= 1


@pytest.mark.parametrize("offload", ["on", "off"])
def test_the_answer_has_a_right_checksum(domain, offload):
    """UDP leaves CN with a checksum that the last device completes, inside the quotation: here by software."""
    code = ("import socket,time;s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM);"
            f"s.setsockopt(41,23,2);s.connect(('{MN}',9));s.send(b'x'*1452);time.sleep(.5);print(s.getsockopt(41,24))")
    domain.inside("cn", "ip", "-6", "route", "flush", "cache")
    domain.inside("cn", "ethtool", "-K", "net0", "tx", offload)
    domain.inside("lma", "ethtool", "-K", "core0", "tx", "off")
    try:
        with domain.spawn("cn", "timeout", "10", "tcpdump", "-vni", "net0", "-c1", "icmp6[0] == 2") as capture:
            capture.stderr.readline()
            assert domain.inside("cn", "python3", "-c", code).stdout == "1460\n"
            line = capture.communicate()[0]
    finally:
        domain.inside("lma", "ethtool", "-K", "core0", "tx", "on")
        domain.inside("cn", "ethtool", "-K", "net0", "tx", "on")
    assert "[icmp6 sum ok]" in line


@pytest.mark.parametrize("sender,target,routers", [("cn", MN, ["2001:db8:c::1", "fd00:2::2"]), ("mn", CN, [None, LMA])])
def test_hop_limits_end_at_both_routers(domain, sender, target, routers):
    for limit, router in enumerate(routers, 1):
        answer = ping(domain, sender, "-c1", f"-t{limit}", target, check=False)
        answered = re.search(r"From (\S+) icmp_seq=1 Time exceeded", answer)
        assert answered, answer
        if router and sender == "cn":
            assert answered[1] == router
    ping(domain, sender, "-c1", "-t3", target)


def test_nothing_was_dropped_without_a_reason_we_know(domain):
    for rows in (domain.mag1, domain.mag2, domain.mn):
        assert rows.drops() == {}
    assert set(domain.lma.drops()) <= {"too-big"}
