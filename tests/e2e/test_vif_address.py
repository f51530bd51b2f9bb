# SPDX-License-Identifier: Apache-2.0
"""The virtual interface has the link-layer address of its first member, and keeps it when that is gone for good; gateways may have link-layer
addresses of their own."""
import json
import struct

from conftest import eventually
from gateway import checksum, mac, packed
from test_failure import daemons  # noqa: F401, pylint: disable=unused-import

MACS = {"if1": "02:00:00:00:01:01", "if2": "02:00:00:00:01:02"}
PORT = 6004

ASK = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
s.bind((sys.argv[1], 0x86dd))
s.settimeout(1)
s.send(bytes.fromhex(sys.argv[2]))
while True:
    frame, where = s.recvfrom(2048)
    if where[2] != socket.PACKET_OUTGOING and frame[20] == 58 and frame[54] == 136 and frame[62:78].hex() == sys.argv[3]:
        print(frame.hex())
        break
"""


def link(lab, node, interface):
    return json.loads(lab.inside(node, "ip", "-j", "link", "show", "dev", interface).stdout)[0]


def solicitation(source, source_mac, target):
    """A whole frame, to the target's solicited-node group (RFC 4861 section 4.3)."""
    group = "ff02::1:ff" + packed(target)[13:14].hex() + ":" + packed(target)[14:].hex()
    body = bytes(4) + packed(target) + b"\x01\x01" + mac(source_mac)
    message = struct.pack("!BBH", 135, 0, checksum(source, group, b"\x87\0\0\0" + body)) + body
    return b"\x33\x33" + packed(group)[12:] + mac(source_mac) + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(message), 58, 255) \
        + packed(source) + packed(group) + message


def who_has(lab, gateway, address):
    """The link-layer addresses of the frame and in it that answer on a gateway's access link."""
    frame = solicitation("fe80::1234", link(lab, gateway, "acc0")["address"], address).hex()
    done = lab.inside(gateway, "python3", "-c", ASK, "acc0", frame, packed(address).hex(), check=False)
    if not done.stdout:
        return None
    answer = bytes.fromhex(done.stdout)
    return answer[6:12].hex(":"), answer[80:86].hex(":")


def probes_answered(lab, gateway):
    return lab.ask(gateway, "show", "statistics")["messages"].get("na_received", 0)


def test_each_member_answers_for_itself(lab):
    """One address on all links, but on each the member's own link-layer address."""
    assert link(lab, "mn", "vif0")["address"] == MACS["if1"] == link(lab, "mn", "if1")["address"]
    for gateway, interface in (("mag1", "if1"), ("mag2", "if2")):
        eventually(lambda: who_has(lab, gateway, lab.address("vif")) == (MACS[interface],) * 2,  # pylint: disable=cell-var-from-loop
                   what=f"an answer with the address of {interface}")


def test_its_own_link_local_address_is_reached_by_every_link(lab):
    """Which is no member's: those are asked for beside it."""
    addresses = {name: [a["local"] for shown in json.loads(lab.inside("mn", "ip", "-j", "-6", "address", "show", "dev", name, "scope", "link").stdout)
                        for a in shown.get("addr_info", []) if a] for name in ("vif0", "if1", "if2")}
    assert all(len(found) == 1 for found in addresses.values()), addresses
    own = addresses["vif0"][0]
    for gateway, interface in (("mag1", "if1"), ("mag2", "if2")):
        assert own not in addresses[interface]
        for address in (own, addresses[interface][0]):
            eventually(lambda: who_has(lab, gateway, address) == (MACS[interface],) * 2,  # pylint: disable=cell-var-from-loop
                       what=f"an answer of {address} by {interface}")
        eventually(lambda: lab.inside(gateway, "ping", "-c", "1", "-W", "2", f"{own}%acc0", check=False).returncode == 0,  # pylint: disable=cell-var-from-loop
                   what=f"an answer to {gateway}")


def its_own(lab, revived, gateway, address):
    """The gateway's access link, as where the fixed address (RFC 6543) cannot be set."""
    revived.kill(lab, gateway)
    lab.edit(gateway, "[[access]]\n", "[[access]]\nfixed_link_layer_address = false\n", reload=False)
    for words in ("link set acc0 down", "address flush dev acc0", f"link set acc0 address {address}", "link set acc0 up"):
        lab.inside(gateway, "ip", *words.split())
    revived.start(lab, gateway)


def routers(lab):
    return {one["interface"]: one["router_mac"] for one in lab.ask("mn", "show", "links")["links"] if one["up"] and one["router"]}


def test_gateways_may_have_link_layer_addresses_of_their_own(lab, revived, stream):
    """Flows go from one to the other all the same."""
    own = {"mag1": "02:00:00:00:0a:01", "mag2": "02:00:00:00:0b:02"}
    for gateway, address in own.items():
        its_own(lab, revived, gateway, address)
    eventually(lambda: routers(lab) == {"if1": own["mag1"], "if2": own["mag2"]}, 60, "both gateways as they are now")
    eventually(lambda: set(lab.bindings().values()) == {"mag1", "mag2"}, 30, "both sessions")
    moving = stream(PORT, rate=200)
    for gateway in ("mag1", "mag2", "mag1"):
        lab.ask("lma", "flow", "move", "*", "--to", gateway)
        moving.run_for(1)
    moving.assert_lossless()


def test_it_outlives_the_member_whose_address_it_has(lab, stream):
    """Removed by plan, and then its interface is gone: what runs goes on, and the other gateway finds the node when it asks."""
    lab.ask("lma", "flow", "move", "*", "--to", "mag1")
    left = stream(PORT, rate=200)
    lab.ask("lma", "flow", "move", "*", "--to", "mag2")
    lab.ask("lma", "flow", "move", "video", "--to", "mag2")
    left.run_for(1)
    lab.ask("mn", "member", "remove", "if1", "--drain", "300ms")
    eventually(lambda: [one["interface"] for one in lab.ask("mn", "show", "links")["links"]] == ["if2"], what="one member")
    lab.inside("mn", "ip", "link", "delete", "if1")
    left.run_for(1)
    before = probes_answered(lab, "mag2")
    assert link(lab, "mn", "vif0")["address"] == MACS["if1"]
    eventually(lambda: who_has(lab, "mag2", lab.address("vif")) == (MACS["if2"],) * 2, what="an answer with the other member's address")
    eventually(lambda: probes_answered(lab, "mag2") > before, 60, "an answer to what mag2 asks")
    assert "mag2" in {row["mag"] for row in lab.ask("lma", "show", "sessions")["sessions"]}
    left.assert_lossless()
    fresh = stream(PORT + 1, rate=200, tcp=True)
    fresh.run_for(1)
    fresh.assert_lossless()
