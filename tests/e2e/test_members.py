# SPDX-License-Identifier: Apache-2.0
"""Members of the virtual interface come and go while it is in use: by command, by the file; what cannot be one is refused, what is
given to one is taken away again, and one that has left is as it was before."""
import json
import signal
import socket

import pytest

from conftest import eventually
from test_mnd import CN, attached_node, bare_node  # noqa: F401, pylint: disable=unused-import
from third_access import ThirdAccess

GLOBAL = "2001:db8:bad::3"


def refused(node, command, **arguments):
    """The error's code."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(5)
        control.connect(str(node.socket))
        control.sendall(json.dumps({"command": command, "args": arguments}).encode() + b"\n")
        answer = json.loads(control.makefile().readline())
    assert not answer["ok"], answer
    return answer["error"]["code"]


def state_of(node, interface):
    """What the system says of it."""
    shown = [json.loads(node.inside("mn", "ip", "-j", *words, "show", "dev", interface).stdout) for words in (["-d", "link"], ["addr"])]
    settings = node.inside("mn", "sysctl", "-a", "-r", rf"^net\.ipv[46]\.conf\.{interface}\.", check=False).stdout
    return shown, settings, node.inside("mn", "tc", "filter", "show", "dev", interface, "ingress").stdout


def named(node):
    return [link["interface"] for link in node.ask("show links")["links"] if not link["leaving"]]


@pytest.fixture(name="spare")
def node_with_a_spare_interface(node):  # noqa: F811
    """if3 is a link without a gateway."""
    node.ip("mn", "link add if3 address 02:00:00:00:01:03 mtu 1300 type veth peer name far3", "link set if3 up", "link set far3 up")
    eventually(lambda: "fe80" in node.inside("mn", "ip", "addr", "show", "dev", "if3").stdout, what="its link-local address")
    return node


def test_one_is_added_and_removed_and_left_as_it_was(spare):
    node, before = spare, state_of(spare, "if3")
    added = node.ask("member add", interface="if3", technology="lte")
    assert added == {"interface": "if3", "number": 2, "technology": "lte", "preferred": False, "saved": False}
    assert node.ask("status")["members"] == ["if1", "if2", "if3"]
    link = node.links()["if3"]
    assert (link["technology"], link["carrier"], link["up"], link["default"]) == ("lte", True, False, False), "no gateway was heard"
    assert link["state"] == "no-router" and node.links()["if1"]["state"] == "up"
    assert "bpf" in node.inside("mn", "tc", "filter", "show", "dev", "if3", "ingress").stdout
    assert node.inside("mn", "sysctl", "-n", "net.ipv6.conf.if3.accept_ra").stdout.strip() == "0"
    assert json.loads(node.inside("mn", "ip", "-j", "link", "show", "vif0").stdout)[0]["mtu"] == 1300, "no more than each carries"
    assert node.ping() == 3
    removed = node.ask("member remove", interface="if3", drain="300ms")
    assert "goes on sending by if3" in removed["note"] and "flow move" in removed.pop("note")
    assert removed == {"interface": "if3", "number": 2, "drain_ms": 300, "flows": [], "saved": True}
    assert node.links()["if3"]["state"] == "leaving" and node.ask("status")["members"] == ["if1", "if2"]
    eventually(lambda: "if3" not in node.links(), what="the end of its time")
    assert state_of(node, "if3") == before
    assert json.loads(node.inside("mn", "ip", "-j", "link", "show", "vif0").stdout)[0]["mtu"] == 1400
    assert node.ping() == 3


def test_one_that_is_added_again_while_it_leaves_is_as_it_was(node):  # noqa: F811
    before = node.links()["if1"]
    assert node.ask("member remove", interface="if1", drain="30s")["saved"] is False
    assert node.default() == ["if2"] and node.ping() == 3
    node.ask("member add", interface="if1", technology="802.3", prefer=True)
    after = node.links()["if1"]
    assert (after["number"], after["router"], after["up"], after["default"]) == (before["number"], before["router"], True, True)
    assert node.ask("status")["members"] == ["if1", "if2"] and node.ping() == 3


def test_what_still_comes_by_one_that_leaves_is_named(node):  # noqa: F811
    assert node.ping() == 3
    (flow,) = node.ask("member remove", interface="if1", drain="30s")["flows"]
    assert (flow["source"], flow["member"], flow["protocol"]) == (CN, "if1", "icmpv6")


def test_the_order_of_preference_is_the_default_members(spare):
    node = spare
    assert node.default() == ["if1"]
    assert node.ask("member prefer", interfaces=["if2"]) == {"members": ["if2", "if1"], "changed": True, "saved": False}
    assert node.default() == ["if2"]
    assert node.ask("member prefer", interfaces=["if2"])["changed"] is False
    assert node.ask("member prefer", interfaces=["if1", "if2"]) == {"members": ["if1", "if2"], "changed": True, "saved": True}
    assert node.default() == ["if1"]
    assert refused(node, "member prefer", interfaces=["if9"]) == "no-such-member"
    assert refused(node, "member prefer", interfaces=["if1", "if1"]) == "bad-argument"
    assert named(node) == ["if1", "if2"] and node.ping() == 3


def test_what_cannot_be_a_member_is_refused_and_nothing_changes(spare):
    node, before = spare, state_of(spare, "if3")
    node.ip("mn", "link add bridge0 type bridge", "link add port0 type veth peer name far0", "link set port0 master bridge0",
            "link add small0 mtu 1279 type veth peer name far1")
    for name, code in (("if9", "no-such-interface"), ("if1", "already-a-member"), ("vif0", "is-virtual-interface"),
                       ("vif0-peer", "is-virtual-interface"), ("port0", "has-master"), ("lo", "is-loopback"),
                       ("small0", "mtu-too-small"), ("an-interface-of-20", "bad-interface-name")):
        assert refused(node, "member add", interface=name, technology="lte") == code, name
    assert refused(node, "member add", interface="if3", technology="pigeons") == "bad-argument"
    assert refused(node, "member add") == "bad-argument"
    assert refused(node, "member remove", interface="if3") == "no-such-member"
    assert refused(node, "member remove", interface="if1", drain="-1s") == "bad-argument"
    node.ask("member remove", interface="if1", drain="0s")
    assert refused(node, "member remove", interface="if2") == "last-member"
    assert named(node) == ["if2"] and state_of(node, "if3") == before and node.ping() == 3


def test_a_ninth_member_is_refused(node):  # noqa: F811
    for number in range(3, 10):
        node.ip("mn", f"link add if{number} type veth peer name far{number}")
    for number in range(3, 9):
        assert node.ask("member add", interface=f"if{number}")["number"] == number - 1
    assert refused(node, "member add", interface="if9") == "too-many-members"
    node.ask("member remove", interface="if5", drain="0s")
    assert node.ask("member add", interface="if9")["number"] == 4, "the lowest that is free"
    assert len(named(node)) == 8 and node.ping() == 3


def test_an_address_that_somebody_may_need_is_not_taken_unasked(spare):
    node = spare
    node.ip("mn", f"addr add {GLOBAL}/64 dev if3 nodad")
    before = state_of(node, "if3")
    assert refused(node, "member add", interface="if3") == "has-global-address"
    assert state_of(node, "if3") == before
    node.ask("member add", interface="if3", take_over=True)
    assert list(node.global_addresses()) == ["vif0"]
    assert f"removing {GLOBAL}/64" in node.log("mnd")


def test_an_address_that_a_member_is_given_is_removed_and_counted(node):  # noqa: F811
    assert node.ask("show statistics")["member_addresses"] == {"removed": 0, "left": 0}
    with node.events() as told:
        node.inside("mn", "sysctl", "-qw", "net.ipv6.conf.if1.accept_ra=1")
        node.ip("mn", f"addr add {GLOBAL}/64 dev if1")
        event = next(told)
    assert (event["event"], event["interface"], event["address"]) == ("member-address-removed", "if1", f"{GLOBAL}/64")
    assert list(node.global_addresses()) == ["vif0"]
    assert node.ask("show statistics")["member_addresses"] == {"removed": 1, "left": 0}
    assert node.inside("mn", "sysctl", "-n", "net.ipv6.conf.if1.accept_ra").stdout.strip() == "0"
    assert node.ping() == 3


def test_who_insists_on_an_address_is_not_fought(node):  # noqa: F811
    node.ip("mn", *(f"addr add 2001:db8:bad::{number}/64 dev if1 nodad" for number in range(10, 30)))
    eventually(lambda: sum(node.ask("show statistics")["member_addresses"].values()) >= 20, what="all of them seen")
    counted = node.ask("show statistics")["member_addresses"]
    assert 8 <= counted["removed"] <= 10 and counted["left"] >= 10
    assert node.log("mnd").count("stays for now") == 1
    assert node.ping() == 3


def test_a_member_whose_mtu_becomes_too_small_is_not_used(node):  # noqa: F811
    node.ip("mn", "link set if1 mtu 1200")
    eventually(lambda: node.default() == ["if2"])
    assert node.ask("show statistics")["members"] == {"mtu_too_small": 1}
    assert json.loads(node.inside("mn", "ip", "-j", "link", "show", "vif0").stdout)[0]["mtu"] == 1400
    assert node.ping() == 3
    node.ip("mn", "link set if1 mtu 1500")
    eventually(lambda: node.default() == ["if1"])


def test_the_kernel_that_gives_it_ipv6_anew_discovers_no_routers_there(spare):
    """Below 1280 octets it takes it away. Nobody advertises anything on if3, so no address tells of it."""
    node = spare
    node.ask("member add", interface="if3")
    node.ip("mn", "link set if3 mtu 1200")
    eventually(lambda: node.ask("show statistics")["members"] == {"mtu_too_small": 1})
    node.ip("mn", "link set if3 mtu 1300")
    eventually(lambda: node.inside("mn", "sysctl", "-n", "net.ipv6.conf.if3.accept_ra").stdout.strip() == "0")


def test_the_file_may_add_and_remove_them(spare):
    node = spare
    node.config.write_text(node.file(order=("if2", "if3")))
    node.ask("reload")
    assert named(node) == ["if2", "if3"]
    assert node.ask("member prefer", interfaces=["if2"])["saved"] is True
    assert node.ping() == 3
    node.config.write_text(node.file(order=("if2", "if9")))
    assert refused(node, "reload") == "no-such-interface"
    assert named(node) == ["if2", "if3"]
    node.config.write_text(node.file())
    node.ask("reload")
    eventually(lambda: node.default() == ["if1"])
    assert named(node) == ["if1", "if2"] and node.ping() == 3


def rows(node):
    """The data plane's, of members: interfaces by number."""
    shown = json.loads(node.inside("mn", "bpftool", "-j", "map", "dump", "pinned", node.bpf / "maps" / "members").stdout)
    words = [bytes(int(octet, 16) for octet in row["value"][:4]) for row in shown]
    return {number: index for number, word in enumerate(words) if (index := int.from_bytes(word, "little"))}


def test_after_a_restart_they_are_the_files_and_have_their_numbers(spare):
    node = spare
    index = {name: json.loads(node.inside("mn", "ip", "-j", "link", "show", name).stdout)[0]["ifindex"] for name in ("if1", "if2", "if3")}
    node.ask("member add", interface="if3")
    node.ask("member remove", interface="if1", drain="0s")
    assert rows(node) == {1: index["if2"], 2: index["if3"]}
    assert node.ping() == 3
    node.end(signal.SIGKILL)
    node.config.write_text(node.file(order=("if2", "if1")))
    node.start()
    eventually(node.attached, what=lambda: node.log("mnd"))
    assert {name: link["number"] for name, link in node.links().items()} == {"if2": 1, "if1": 0}, "if2 has kept its own"
    assert rows(node) == {0: index["if1"], 1: index["if2"]}
    assert "bpf" not in node.inside("mn", "tc", "filter", "show", "dev", "if3", "ingress").stdout
    assert {flow["member"] for flow in node.ask("show flows")["flows"]} == {"if2"} and node.ping() == 3


def test_flows_of_one_that_left_with_the_daemon_are_not_the_next_ones(spare):
    """Its number stays taken until they have been given away."""
    node = spare
    assert node.ping() == 3 and {flow["member"] for flow in node.ask("show flows")["flows"]} == {"if1"}
    node.end(signal.SIGKILL)
    node.config.write_text(node.file(order=("if3", "if2")))
    node.start()
    eventually(lambda: node.default() == ["if2"], what=lambda: node.log("mnd"))
    assert {name: link["number"] for name, link in node.links().items()} == {"if2": 1, "if3": 2}
    assert 0 not in rows(node) and node.ping() == 3
    assert {flow["member"] for flow in node.ask("show flows")["flows"]} == {"if2"}


@pytest.fixture(scope="module", name="third")
def third_access(lab):
    access = ThirdAccess(lab)
    try:
        access.start()
        yield access
    finally:
        access.stop()


def row_of(lab, port):
    return next(row for row in lab.ask("mn", "show", "flows")["flows"] if row["source_port"] == port)


def test_a_flow_moves_to_a_new_member_and_back_before_it_leaves(lab, third, stream):
    """Added by a command, and removed by plan: nothing is lost."""
    lab.ask("lma", "flow", "move", "*", "--to", "mag1")
    moving = stream(6004, rate=200)
    assert third.added["number"] == 2 and not third.added["saved"]
    for order in (["if3", "if2"], ["if1", "if2"]):
        assert lab.ask("mn", "member", "prefer", *order)["members"][:2] == order
    lab.ask("lma", "flow", "move", "*", "--to", "mag3")
    eventually(lambda: row_of(lab, 6004)["member"] == "if3")
    moving.run_for(2)
    lab.ask("lma", "flow", "move", "*", "--to", "mag1")
    eventually(lambda: row_of(lab, 6004)["member"] == "if1")
    removed = lab.ask("mn", "member", "remove", "if3")
    assert 6004 not in {row["source_port"] for row in removed["flows"]}
    eventually(lambda: "if3" not in {link["interface"] for link in lab.ask("mn", "show", "links")["links"]})
    moving.run_for(2)
    lab.ask("mn", "member", "add", "if3", "--technology", "lte", "--take-over")
    eventually(lambda: any(link["interface"] == "if3" and link["up"] for link in lab.ask("mn", "show", "links")["links"]))
    moving.run_for(1)
    moving.assert_lossless()


def test_even_a_flow_that_is_left_on_it_loses_nothing(lab, third, stream):  # pylint: disable=unused-argument
    """Its uplink goes at once by another; what the anchor goes on sending there is taken, and in the end by the kernel alone."""
    lab.ask("lma", "flow", "move", "*", "--to", "mag3")
    left = stream(6005, rate=200)
    eventually(lambda: row_of(lab, 6005)["member"] == "if3")
    removed = lab.ask("mn", "member", "remove", "if3", "--drain", "500ms")
    assert 6005 in {row["source_port"] for row in removed["flows"]}
    eventually(lambda: "if3" not in {link["interface"] for link in lab.ask("mn", "show", "links")["links"]})
    assert row_of(lab, 6005)["member"] == "if1"
    left.run_for(2)
    lab.ask("lma", "flow", "move", "*", "--to", "mag1")
    left.run_for(1)
    left.assert_lossless()
    lab.ask("mn", "member", "add", "if3", "--technology", "lte", "--take-over")


def test_removed_and_added_every_second(lab, third, stream):  # pylint: disable=unused-argument
    lab.ask("lma", "flow", "move", "*", "--to", "mag1")
    streams = [stream(6010 + number, rate=100) for number in range(4)]
    for _ in range(10):
        lab.ask("mn", "member", "remove", "if2", "--drain", "300ms")
        streams[0].run_for(1)
        lab.ask("mn", "member", "add", "if2", "--technology", "802.11", "--take-over")
        streams[0].run_for(1)
    for one in streams:
        one.assert_lossless()
    eventually(lambda: all(link["up"] for link in lab.ask("mn", "show", "links")["links"]))
