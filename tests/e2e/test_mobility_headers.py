# SPDX-License-Identifier: Apache-2.0
"""Every Mobility Header that the daemons send, as it is on the wire, and the router that all gateways pretend to be."""
import json

import pytest
from scapy.utils import rdpcap

from conftest import eventually

MOBILITY, NO_NEXT_HEADER, COOKED = 135, 59, 20  # octets of a LINUX_SLL2 header
ROUTER_MAC, ROUTER = "00:00:5e:00:52:13", "fe80::200:5eff:fe00:5213"  # RFC 6543


@pytest.fixture(scope="module", name="seen")
def signalling(lab, tmp_path_factory):
    """What crosses the anchor's interfaces while a link goes and comes back: whole IPv6 packets."""
    path = tmp_path_factory.mktemp("signalling") / "lma.pcap"
    capture = lab.spawn("lma", "tcpdump", "-i", "any", "-y", "LINUX_SLL2", "-U", "-n", "-w", path, "ip6")
    try:
        eventually(path.exists, what="the capture")
        for state, sessions in (("down", 1), ("up", 2)):
            lab.link("mag2-mn", state)
            eventually(lambda n=sessions: active_sessions(lab) == n, what=f"{sessions} sessions")
        messages = eventually(lambda: mobility_headers(path), what="both updates and their answers in the capture")
    finally:
        capture.terminate()
        capture.communicate(timeout=30)
    return messages


def active_sessions(lab):
    return sum(row["state"] == "active" for row in lab.ask("lma", "show", "sessions")["sessions"])


def mobility_headers(path):
    """Two updates and two answers at least, or nothing yet."""
    try:
        frames = [bytes(frame) for frame in rdpcap(str(path))]
    except Exception:  # pylint: disable=broad-except  # it is being written
        return None
    packets = [frame[COOKED:] for frame in frames if frame[:2] == b"\x86\xdd"]
    found = [packet for packet in packets if MOBILITY in next_headers(packet)]
    return found if len(found) >= 4 else None


def next_headers(packet):
    """Protocol numbers from the IPv6 header on, as far as extension headers go."""
    found, offset = [packet[6]], 40
    while found[-1] in (0, 43, 60) and offset + 8 <= len(packet):
        found.append(packet[offset])
        offset += 8 + 8 * packet[offset + 1]
    return found


def test_no_extension_header_stands_before_a_mobility_header(seen):
    """Neither a type 2 routing header nor a Home Address option (RFC 6275 section 6.1, RFC 5213 sections 5.3.6 and 6.9.1.5)."""
    assert [next_headers(packet) for packet in seen] == [[MOBILITY]] * len(seen)


def test_nothing_follows_a_mobility_header_and_it_is_whole(seen):
    for packet in seen:
        header = packet[40:]
        assert header[0] == NO_NEXT_HEADER and len(header) == 8 + 8 * header[1], packet.hex()
        assert header[3] == 0


def test_every_gateway_is_the_same_router(lab):
    for mag in ("mag1", "mag2"):
        shown = json.loads(lab.inside(mag, "ip", "-j", "address").stdout)
        links = [link for link in shown if link["ifname"].startswith("acc")]
        assert links, shown
        for link in links:
            local = [a["local"] for a in link["addr_info"] if a["scope"] == "link"]
            assert (link["address"], local) == (ROUTER_MAC, [ROUTER]), link
