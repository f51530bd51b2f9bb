# SPDX-License-Identifier: Apache-2.0
"""Hostile and broken input to running daemons: the right status or silence, a counter that goes up, and the daemon still there."""
import pathlib
import struct
import time

import pytest

import mobility as m
from conftest import eventually
from mobility import complete, exchange

MN, MAC1 = "mn1@lab.example", "02:00:00:00:01:01"
UNCHANGED = 5
FOREIGN = "2001:db8:bad::66"
NO_GATEWAY = "2001:db8:1::2"  # of the machine of mag1, but not its Proxy-CoA


def counters(lab, node, what):
    return sum(lab.ask(node, "show", "statistics")[what].values())


@pytest.fixture(scope="module", name="ends")
def addresses(lab):
    """With a window for timestamps that a busy machine's process start fits into."""
    file = pathlib.Path(lab.status["directory"]) / "lma.toml"
    file.write_text(file.read_text().replace("[lma]\n", '[lma]\ntimestamp_validity_window = "30s"\n', 1))
    lab.ask("lma", "reload")
    return lab.address("mag1"), lab.address("lma")


@pytest.fixture(scope="module", name="mn_id")
def mobile_node(lab):
    return lab.ask("lma", "show", "sessions")["sessions"][0]["mn"]


SILENT = {
    "shorter than a header": lambda a, b: m.proxy_binding_update(a, b, [])[:4],
    "cut in its options": lambda a, b: m.proxy_binding_update(a, b, [m.mn_identifier(MN)])[:16],
    "longer than it says": lambda a, b: m.proxy_binding_update(a, b, [m.mn_identifier(MN)], header_length=1),
    "an option that leaves it": lambda a, b: m.proxy_binding_update(a, b, [b"\x08\xff\x01abc"]),
    "wrong checksum": lambda a, b: m.proxy_binding_update(a, b, [m.mn_identifier(MN)], break_checksum=True),
    "as long as can be, all padding": lambda a, b: m.proxy_binding_update(a, b, [m.padding(250)] * 8)[:-8],
    "not from a gateway's family": lambda a, b: m.proxy_binding_update(a, b, [m.mn_identifier(MN)], flags=0x8000),
    "an acknowledgement": lambda a, b: m.proxy_binding_acknowledgement(a, b, [m.mn_identifier(MN)]),
}


@pytest.mark.parametrize("kind", SILENT)
def test_the_anchor_answers_nonsense_with_silence(lab, ends, kind):
    before = counters(lab, "lma", "drops")
    assert exchange(lab, "mag1", *ends, SILENT[kind](*ends)) == []
    assert counters(lab, "lma", "drops") == before + 1
    assert lab.alive("lma")


BAD_OCTET = {  # RFC 6275 section 9.2: which octet is pointed at
    "something behind it": (0, lambda a, b: m.proxy_binding_update(a, b, [m.mn_identifier(MN)], payload_proto=17)),
    "an acknowledgement with something behind it": (0, lambda a, b: m.proxy_binding_acknowledgement(a, b, [], payload_proto=6)),
    "an update of eight octets": (1, lambda a, b: m.header(m.BINDING_UPDATE, b"", a, b)),
    "a binding error of eight octets": (1, lambda a, b: m.header(m.BINDING_ERROR, b"", a, b)),
}


@pytest.mark.parametrize("kind", BAD_OCTET)
@pytest.mark.parametrize("sender,node", [("mag1", "lma"), ("lma", "mag1")])
def test_a_header_that_cannot_be_is_answered_once_by_a_parameter_problem(lab, ends, sender, node, kind):
    """By the kernel, where it has Mobile IPv6, else by the daemon; never by both."""
    ends = ends if node == "lma" else ends[::-1]
    octet, message = BAD_OCTET[kind][0], BAD_OCTET[kind][1](*ends)
    answers = exchange(lab, sender, *ends, message)
    assert [(a.type, a.code, a.pointer) for a in answers] == [(4, 0, 40 + octet)]
    assert answers[0].packet[6:8] == bytes([135, 64]) and answers[0].packet[40:] == message
    assert lab.alive(node)


def test_more_octets_than_a_mobility_header_can_have(lab, ends):
    before = lab.ask("lma", "show", "statistics")["mobility_socket"]["truncated"]
    assert exchange(lab, "mag1", *ends, m.proxy_binding_update(*ends, [bytes(8)] * 400, header_length=255)) == []
    assert lab.ask("lma", "show", "statistics")["mobility_socket"]["truncated"] == before + 1
    assert lab.alive("lma")


def test_an_unknown_type_is_answered_by_a_binding_error(lab, ends):
    before = counters(lab, "lma", "drops")
    answers = exchange(lab, "mag1", *ends, m.header(99, bytes(10), *ends))
    assert [(m.type_of(a), m.status_of(a)) for a in answers] == [(m.BINDING_ERROR, 2)]
    assert counters(lab, "lma", "drops") == before + 1


REFUSED = {  # RFC 5213 section 8.9, RFC 5149 section 5
    "no mobile node identifier": (160, lambda mn: complete(mn, "mn")),
    "a mobile node that is not ours": (153, lambda mn: complete("stranger@example.org")),
    "a link-layer address that is not the node's": (152, lambda mn: complete(mn)),
    "a clock of last year": (156, lambda mn: complete(mn, link_layer=b"", timestamp=m.timestamp(time.time() - 3e7))),
    "no home network prefix": (158, lambda mn: complete(mn, "prefix", link_layer=m.link_layer_identifier(MAC1))),
    "no handoff indicator": (161, lambda mn: complete(mn, "handoff", link_layer=m.link_layer_identifier(MAC1))),
    "no access technology": (162, lambda mn: complete(mn, "technology", link_layer=m.link_layer_identifier(MAC1))),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_the_anchor_refuses_with_the_right_status(lab, ends, mn_id, kind):
    status, options = REFUSED[kind]
    before, bindings = counters(lab, "lma", "rejections"), lab.bindings()
    answers = exchange(lab, "mag1", *ends, m.proxy_binding_update(*ends, options(mn_id), sequence=77))
    assert [(m.type_of(a), m.status_of(a)) for a in answers] == [(m.BINDING_ACK, status)]
    assert counters(lab, "lma", "rejections") == before + 1
    assert lab.bindings() == bindings


def test_whoever_is_no_gateway_may_register_nobody(lab, mn_id):
    ends = NO_GATEWAY, lab.address("lma")
    before = counters(lab, "lma", "rejections")
    options = complete(mn_id, link_layer=m.link_layer_identifier(MAC1))
    assert [m.status_of(a) for a in exchange(lab, "mag1", *ends, m.proxy_binding_update(*ends, options))] == [154]
    assert counters(lab, "lma", "rejections") == before + 1


def test_a_replayed_registration_is_refused(lab, ends, mn_id):
    """RFC 5213 section 5.5, items 8 and 9: an older timestamp is lower than the last one, the same one not valid."""
    def registration(stamp):
        return m.proxy_binding_update(*ends, complete(mn_id, link_layer=m.link_layer_identifier(MAC1), timestamp=m.timestamp(stamp),
                                                      handoff=m.handoff_indicator(UNCHANGED)), sequence=4242)
    now, bindings = time.time(), lab.bindings()
    for stamp, status in ((now, 0), (now + 0.1, 0), (now + 0.1, 156), (now, 157)):
        assert [m.status_of(a) for a in exchange(lab, "mag1", *ends, registration(stamp))] == [status]
    assert lab.bindings() == bindings


@pytest.mark.parametrize("kind", SILENT)
def test_the_gateway_answers_nonsense_with_silence(lab, kind):
    ends = lab.address("lma"), lab.address("mag1")
    before = counters(lab, "mag1", "drops")
    assert exchange(lab, "lma", *ends, SILENT[kind](*ends)) == []
    assert counters(lab, "mag1", "drops") == before + 1
    assert lab.alive("mag1")


@pytest.mark.parametrize("node", ["lma", "cn"])
def test_the_gateway_believes_no_acknowledgement_it_did_not_ask_for(lab, node):
    ends = lab.address(node), lab.address("mag1")
    before, registered = counters(lab, "mag1", "drops"), lab.ask("mag1", "show", "bindings")["bindings"]
    forged = m.proxy_binding_acknowledgement(*ends, [m.home_network_prefix("2001:db8:bad::/64")], sequence=1, lifetime=1)
    assert exchange(lab, node, *ends, forged) == []
    assert counters(lab, "mag1", "drops") == before + 1
    assert [row["prefixes"] for row in lab.ask("mag1", "show", "bindings")["bindings"]] == [row["prefixes"] for row in registered]


def test_a_flood_of_noise_leaves_the_daemons_standing(lab, ends):
    noise = [bytes((i * 7 + j * 13) % 256 for j in range(8 + 8 * (i % 60))) for i in range(300)]
    exchange(lab, "mag1", *ends, *noise, quiet=0.2)
    assert lab.alive("lma")
    assert lab.inside("mn", "ping", "-c", "2", "-i", "0.2", "-W", "5", lab.address("cn")).returncode == 0


SEND_FRAME = """import socket,sys
s=socket.socket(socket.AF_PACKET,socket.SOCK_RAW);s.bind((sys.argv[1],0));s.send(bytes.fromhex(sys.argv[2]))"""
SEND_PACKET = """import socket,sys
s=socket.socket(socket.AF_INET6,socket.SOCK_RAW,socket.IPPROTO_RAW);s.sendto(bytes.fromhex(sys.argv[2]),(sys.argv[1],0))"""


def ipv6(source, destination, next_header=59, payload=b""):
    address = lambda text: m.ipaddress.ip_address(text).packed
    return struct.pack("!IHBB", 6 << 28, len(payload), next_header, 64) + address(source) + address(destination) + payload


def dropped(lab, node, reason, send):
    before = lab.drops(node).get(reason, 0)
    send()
    eventually(lambda: lab.drops(node).get(reason, 0) == before + 1, what=f"a drop for {reason} at {node}")


@pytest.mark.parametrize("source_mac,source,reason", [(MAC1, FOREIGN, "spoofed-source"), ("02:00:00:00:07:07", FOREIGN, "no-binding"),
                                                      ("02:00:00:00:07:07", None, "spoofed-mac")])
def test_the_gateway_drops_what_is_not_the_nodes(lab, source_mac, source, reason):
    frame = bytes.fromhex(("00:00:5e:00:52:13" + source_mac).replace(":", "")) + b"\x86\xdd"
    frame += ipv6(source or lab.address("vif"), lab.address("cn"))
    dropped(lab, "mag1", reason, lambda: lab.inside("mn", "python3", "-c", SEND_FRAME, "if1", frame.hex()))


@pytest.mark.parametrize("outer,reason", [("mag1", "spoofed-source"), (NO_GATEWAY, "unknown-tunnel")])
def test_the_anchor_drops_what_no_session_covers(lab, outer, reason):
    source = lab.address("mag1") if outer == "mag1" else outer
    packet = ipv6(source, lab.address("lma"), 41, ipv6(FOREIGN, lab.address("cn")))
    dropped(lab, "lma", reason, lambda: lab.inside("mag1", "python3", "-c", SEND_PACKET, lab.address("lma"), packet.hex()))


def test_the_anchor_hears_no_gateway_from_where_the_correspondents_are(lab, ends, mn_id):
    """With the address of a true gateway: the messages are not protected, so where they come from has to count."""
    leave = m.proxy_binding_update(*ends, complete(mn_id, link_layer=m.link_layer_identifier(MAC1)), lifetime=0, sequence=99)
    packet, bindings = ipv6(*ends, 135, leave), lab.bindings()
    count = lambda: lab.ask("lma", "show", "statistics")["drops"].get("from-core-interface", 0)
    before = count()
    lab.inside("cn", "python3", "-c", SEND_PACKET, ends[1], packet.hex())
    eventually(lambda: count() == before + 1, what="a message that is counted and dropped")
    assert lab.bindings() == bindings


@pytest.mark.parametrize("own,reason", [(False, "spoofed-source"), (True, "mobility-header")])
@pytest.mark.parametrize("tag", ["", "81000000"])
def test_the_gateway_hears_no_anchor_from_its_access_link(lab, own, reason, tag):
    source, mag = lab.address("vif") if own else lab.address("lma"), lab.address("mag1")
    forged = m.proxy_binding_acknowledgement(source, mag, [m.home_network_prefix("2001:db8:bad::/64")], sequence=1, lifetime=0)
    frame = bytes.fromhex(("00:00:5e:00:52:13" + MAC1).replace(":", "") + tag) + b"\x86\xdd" + ipv6(source, mag, 135, forged)
    messages = counters(lab, "mag1", "drops")
    dropped(lab, "mag1", reason, lambda: lab.inside("mn", "python3", "-c", SEND_FRAME, "if1", frame.hex()))
    assert counters(lab, "mag1", "drops") == messages
    assert lab.alive("mag1")


def test_the_anchor_forwards_no_nodes_packet_from_outside_a_tunnel(lab):
    packet = ipv6(lab.address("vif"), lab.address("cn"))
    dropped(lab, "lma", "spoofed-source", lambda: lab.inside("mag1", "python3", "-c", SEND_PACKET, lab.address("cn"), packet.hex()))


def test_a_service_that_it_may_not_use_ends_the_session_that_asks(lab, ends, mn_id):
    """RFC 5149 section 4.2: denied with 151, and the binding with this prefix is deleted. The last test here: mag1's session is gone."""
    assert "mag1" in {session["mag"] for session in lab.ask("lma", "show", "sessions")["sessions"]}
    options = complete(mn_id, link_layer=m.link_layer_identifier(MAC1), service=m.service_selection("free lunch"))
    answers = exchange(lab, "mag1", *ends, m.proxy_binding_update(*ends, options, sequence=77))
    assert [(m.type_of(a), m.status_of(a)) for a in answers] == [(m.BINDING_ACK, 151)]
    assert {session["mag"] for session in lab.ask("lma", "show", "sessions")["sessions"]} == {"mag2"}
    assert set(lab.bindings().values()) == {"mag2"}
