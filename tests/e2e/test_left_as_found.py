# SPDX-License-Identifier: Apache-2.0
"""flowmob-mnd leaves the machine as it found it: after --teardown, after a kill, after a start that failed, after the end of a member."""
import json
import signal

import pytest

from conftest import eventually, run
from test_members import refused, state_of
from test_mnd import MEMBERS, attached_node, bare_node  # noqa: F401, pylint: disable=unused-import

STATIC = "2001:db8:bad::1"  # of if2, from the start
COUNTED = {"stats64", "stats", "valid_life_time", "preferred_life_time", "expires", "age", "bytes", "packets", "drops", "overlimits",
           "requeues", "backlog", "qlen", "used", "refcnt"}
PLACES = (("-d", "link"), ("addr",), ("-6", "route", "show", "table", "all"), ("-4", "route", "show", "table", "all"), ("rule",), ("-6", "rule"),
          ("neigh", "show", "nud", "permanent"))


def settled(shown):
    """Without what the kernel counts, and in an order of its own."""
    if isinstance(shown, dict):
        return {key: settled(value) for key, value in shown.items() if key not in COUNTED}
    if isinstance(shown, list):
        return sorted((settled(value) for value in shown), key=lambda value: json.dumps(value, sort_keys=True))
    return shown


def machine(node):
    """All that the system says of the node's namespace."""
    found = {words: settled(json.loads(node.inside("mn", "ip", "-j", *words).stdout or "[]")) for words in PLACES}
    found["qdisc"] = settled(json.loads(node.inside("mn", "tc", "-j", "qdisc").stdout))
    names = sorted(link["ifname"] for link in found["-d", "link"])
    for name in names:
        for side in ("ingress", "egress"):
            found[name, side] = json.loads(node.inside("mn", "tc", "-j", "filter", "show", "dev", name, side, check=False).stdout or "[]")
    found["settings"] = node.inside("mn", "sysctl", "-a", "-r", r"^net\.ipv[46]\.(conf|neigh)\.", check=False).stdout.splitlines()
    return found


def assert_as_before(node, before):
    def is_same():
        return machine(node) == before
    try:
        eventually(is_same)
    except AssertionError:
        after = machine(node)
        for place in before:
            assert after[place] == before[place], place
        raise


def accept_ra(node, interface):
    return node.inside("mn", "sysctl", "-n", f"net.ipv6.conf.{interface}.accept_ra").stdout.strip()


@pytest.fixture(name="lived")
def node_with_a_life_of_its_own(bare):  # noqa: F811
    """Its links have addresses and routers by themselves, a static address; and somebody else's programs sit at if2."""
    for gateway, member in (("gw1", "if1"), ("gw2", "if2")):
        bare.advertise(gateway, mtu=MEMBERS[gateway][2])
        eventually(lambda member=member: "2001:db8:100:" in bare.inside("mn", "ip", "-6", "addr", "show", "dev", member).stdout, what="SLAAC")
    bare.inside("mn", "sysctl", "-qw", "net.ipv6.conf.if2.accept_ra=2")
    bare.inside("mn", "tc", "qdisc", "add", "dev", "if2", "clsact")
    bare.inside("mn", "tc", "filter", "add", "dev", "if2", "egress", "protocol", "all", "prio", "7", "u32", "match", "u32", "0", "0", "flowid", "1:1")
    return bare


def up(node):
    node.start()
    eventually(node.attached, what=lambda: node.log("mnd"))
    assert list(node.global_addresses()) == ["vif0"] and node.ping() == 3
    assert (accept_ra(node, "if1"), accept_ra(node, "if2")) == ("0", "0")


def put_in_again(node, gateway, index=""):
    node.processes.pop(gateway).kill()
    node.wire(gateway, index)
    node.gateway(gateway)


def take_down(node, check=True):
    return run(*node.program("--teardown"), check=check)


def test_all_is_as_it_was_after_teardown(lived):
    before = machine(lived)
    assert "clsact" not in json.dumps([q for q in before["qdisc"] if q["dev"] == "if1"]), "made by nobody yet"
    up(lived)
    assert machine(lived) != before
    lived.end()
    take_down(lived)
    assert_as_before(lived, before)
    assert sorted(path.name for path in lived.directory.iterdir() if path.name.startswith("mn.sock")) == []


def test_also_when_its_routers_were_asked_meanwhile(lived):
    """The kernel hears their answers, too: one that did not say to be a router would lose the member its default route."""
    before = machine(lived)
    lived.config.write_text(lived.file(extra='router_probe_interval = "100ms"\n'))
    up(lived)
    eventually(lambda: all(link["round_trip_ms"] is not None for link in lived.links().values()), what="answers")
    asked = lived.ask("show statistics")["router_probes"]["sent"]
    eventually(lambda: lived.ask("show statistics")["router_probes"]["sent"] >= asked + 4)
    lived.end()
    take_down(lived)
    assert_as_before(lived, before)


def test_also_when_it_was_killed_and_killed_again(lived):
    before = machine(lived)
    up(lived)
    lived.end(signal.SIGKILL)
    up(lived)
    lived.end(signal.SIGKILL)
    take_down(lived)
    assert_as_before(lived, before)


def test_a_first_start_that_fails_changes_nothing(lived):
    before = machine(lived)
    lived.config.write_text(lived.file().replace(str(lived.bpf), str(lived.directory / "no-bpf-file-system")))
    failed = run(*lived.program(), check=False)
    assert failed.returncode == 1 and "bpf" in failed.stderr, failed.stderr
    assert_as_before(lived, before)


def test_a_virtual_interface_that_is_somebody_elses_costs_members_nothing(lived):
    lived.ip("mn", "link add vif0 type bridge")
    before = machine(lived)
    failed = run(*lived.program(), check=False)
    assert failed.returncode == 1 and "vif0" in failed.stderr, failed.stderr
    assert_as_before(lived, before)


def test_what_a_predecessor_has_is_kept_when_its_successor_fails(lived):
    """The one that the successor took first is given back; the others' packets go on."""
    lived.ip("mn", "link add if3 type veth peer name far3", "link set if3 up", "link set far3 up")
    eventually(lambda: "fe80" in lived.inside("mn", "ip", "addr", "show", "dev", "if3").stdout)
    untouched = state_of(lived, "if3")
    up(lived)
    lived.end(signal.SIGKILL)
    file = lived.file(order=("if1", "if2", "if3"))
    lived.config.write_text(file.replace(str(lived.bpf), str(lived.directory / "no-bpf-file-system")))
    assert run(*lived.program(), check=False).returncode == 1
    assert state_of(lived, "if3") == untouched
    assert accept_ra(lived, "if1") == "0" and lived.ping() == 3


def test_members_that_are_no_more_in_the_file_are_given_back_at_the_next_start(lived):
    before = state_of(lived, "if2")
    up(lived)
    lived.ask("member remove", interface="if2", drain="30s")
    lived.end(signal.SIGKILL)  # in its drain
    lived.config.write_text(lived.file(order=("if1",)))
    lived.start()
    eventually(lambda: state_of(lived, "if2")[1:] == before[1:], what="its settings")
    assert STATIC in lived.inside("mn", "ip", "addr", "show", "dev", "if2").stdout
    assert lived.ask("show statistics")["former_settings"] == {"known": 1, "refused": 0}


def test_one_that_leaves_has_its_static_address_again(lived):
    up(lived)
    lived.ask("member remove", interface="if2", drain="0s")
    eventually(lambda: lived.inside("mn", "ip", "addr", "show", "dev", "if2").stdout.count("2001:db8:") == 2, what="the static and its own")
    assert accept_ra(lived, "if2") == "2"
    assert "u32" in lived.inside("mn", "tc", "filter", "show", "dev", "if2", "egress").stdout


def test_a_broken_record_is_refused_and_said(lived):
    up(lived)
    lived.end()
    record = lived.directory / "mn.sock.before"
    assert set(entry["interface"] for entry in json.loads(record.read_text())["interfaces"]) == {"if1", "if2"}
    record.write_text(record.read_text()[:-20])
    done = take_down(lived, check=False)
    assert done.returncode == 1 and "mn.sock.before" in done.stderr, done.stderr
    assert "vif0" not in lived.inside("mn", "ip", "link").stdout, "all else was done"
    assert (accept_ra(lived, "if1"), accept_ra(lived, "if2")) == ("1", "1"), "the kernel's default"
    assert not record.exists()
    take_down(lived)


def test_a_record_of_others_counts_at_start(lived):
    record = lived.directory / "mn.sock.before"
    record.write_text("{}")
    record.chmod(0o666)
    up(lived)
    assert lived.ask("show statistics")["former_settings"] == {"known": 2, "refused": 1}
    assert "somebody else may write it" in lived.log("mnd")
    lived.end()
    take_down(lived)
    assert (accept_ra(lived, "if1"), accept_ra(lived, "if2")) == ("1", "2"), "nothing had been changed before"


def test_one_that_is_gone_needs_nothing_at_teardown(lived):
    before = state_of(lived, "if2")[1]
    up(lived)
    lived.end()
    lived.ip("mn", "link del if1")
    take_down(lived)
    assert state_of(lived, "if2")[1] == before


def test_one_renamed_in_its_drain_is_let_go(lived):
    before = state_of(lived, "if1")
    up(lived)
    lived.ask("member remove", interface="if1", drain="2s")
    lived.ip("mn", "link set if1 down", "link set if1 name wan7", "link set wan7 up")
    lived.ip("mn", "link add if1 type veth peer name far1", "link set if1 up", "link set far1 up")  # another has its name
    other = state_of(lived, "if1")[1:]
    lived.ip("mn", "addr add 2001:db8:bad::7/64 dev wan7 nodad")
    eventually(lambda: "2001:db8:bad::7" not in lived.inside("mn", "ip", "addr", "show", "dev", "wan7").stdout, what="the guard")
    eventually(lambda: "if1" not in lived.links())
    eventually(lambda: [text.replace("wan7", "if1") for text in state_of(lived, "wan7")[1:]] == list(before[1:]))
    assert "clsact" not in lived.inside("mn", "tc", "qdisc", "show", "dev", "wan7").stdout
    assert state_of(lived, "if1")[1:] == other
    assert lived.ping() == 3


def test_one_renamed_in_its_drain_may_be_added_by_its_new_name(lived):
    up(lived)
    lived.ask("member remove", interface="if1", drain="1s")
    lived.ip("mn", "link set if1 down", "link set if1 name wan7", "link set wan7 up")
    lived.ask("member add", interface="wan7", take_over=True)
    eventually(lambda: "if1" not in lived.links())
    eventually(lambda: lived.links()["wan7"]["up"], what=lambda: lived.log("mnd"))
    assert accept_ra(lived, "wan7") == "0"
    assert "bpf" in lived.inside("mn", "tc", "filter", "show", "dev", "wan7", "ingress").stdout
    lived.ask("member remove", interface="if2", drain="0s")
    assert lived.ping() == 3
    lived.end()
    take_down(lived)
    assert accept_ra(lived, "wan7") == "1"


def test_a_member_that_is_renamed_is_given_back_and_taken_again_by_its_name(lived):
    up(lived)
    lived.ip("mn", "link set if1 down", "link set if1 name wan7", "link set wan7 up")
    eventually(lambda: accept_ra(lived, "wan7") == "1")
    eventually(lambda: "clsact" not in lived.inside("mn", "tc", "qdisc", "show", "dev", "wan7").stdout)
    assert lived.ping() == 3
    lived.ip("mn", "link set wan7 down", "link set wan7 name if1", "link set if1 up")
    eventually(lived.attached, what=lambda: lived.log("mnd"))
    assert accept_ra(lived, "if1") == "0"
    lived.end()
    take_down(lived)
    assert accept_ra(lived, "if1") == "1"


@pytest.mark.parametrize("index", ["", "same"])
def test_one_that_is_pulled_out_and_put_in_again_in_its_drain_is_a_new_one(lived, index):
    up(lived)
    lived.ask("member remove", interface="if2", drain="3s")
    if index:
        index = "index " + str(json.loads(lived.inside("mn", "ip", "-j", "link", "show", "if2").stdout)[0]["ifindex"])
    lived.ip("mn", "link del if2")
    eventually(lambda: lived.ask("show statistics")["former_settings"]["known"] == 1)
    put_in_again(lived, "gw2", index)
    assert lived.links()["if2"]["leaving"], "its drain is not over"
    eventually(lambda: "if2" not in lived.links())
    assert accept_ra(lived, "if2") == "1", "not the former one's"
    assert STATIC not in lived.inside("mn", "ip", "addr", "show", "dev", "if2").stdout
    assert "clsact" not in lived.inside("mn", "tc", "qdisc", "show", "dev", "if2").stdout
    eventually(lambda: "2001:db8:100:" in lived.inside("mn", "ip", "addr", "show", "dev", "if2").stdout, what="SLAAC on the new one")
    lived.ask("member add", interface="if2", take_over=True)
    eventually(lived.attached, what=lambda: lived.log("mnd"))
    lived.ask("member remove", interface="if1", drain="0s")
    assert lived.ping() == 3


def test_one_that_is_put_in_again_in_its_drain_may_be_added_at_once(lived):
    up(lived)
    lived.ask("member remove", interface="if2", drain="1s")
    lived.ip("mn", "link del if2")
    put_in_again(lived, "gw2")
    lived.ask("member add", interface="if2", take_over=True)
    eventually(lived.attached, what=lambda: lived.log("mnd"))
    lived.ask("member remove", interface="if1", drain="0s")
    assert lived.ping() == 3


def test_a_change_that_fails_half_way_is_undone(lived):
    """if3 could be added, if4 cannot: another kind of filter has our place there. if1 was to leave."""
    for name in ("if3", "if4"):
        lived.ip("mn", f"link add {name} type veth peer name far{name}", f"link set {name} up", f"link set far{name} up")
        eventually(lambda name=name: "fe80" in lived.inside("mn", "ip", "addr", "show", "dev", name).stdout)
    lived.inside("mn", "tc", "qdisc", "add", "dev", "if4", "clsact")
    lived.inside("mn", "tc", "filter", "add", "dev", "if4", "ingress", "prio", str(0x666d), "protocol", "all", "u32", "match", "u32", "0", "0",
                 "flowid", "1:1")
    before = {name: state_of(lived, name) for name in ("if3", "if4")}
    up(lived)
    links = lived.links()
    assert refused(lived, "member add", interface="if4") == "tc-attach"
    lived.config.write_text(lived.file(order=("if3", "if2", "if4")))
    assert refused(lived, "reload") == "tc-attach"
    assert lived.ask("status")["members"] == ["if1", "if2"]
    eventually(lived.attached, what=lambda: lived.log("mnd"))
    assert {name: link["number"] for name, link in lived.links().items()} == {name: link["number"] for name, link in links.items()}
    assert {name: state_of(lived, name) for name in before} == before
    assert lived.ask("show statistics")["former_settings"] == {"known": 2, "refused": 0}
    assert lived.ping() == 3
    lived.advertise("gw1", mtu=1300)
    eventually(lambda: lived.links()["if1"]["advertised_mtu"] == 1300, what="its router is heard, as before")
    lived.ask("member remove", interface="if2", drain="0s")
    assert lived.ping() == 3, "if1 carries, as before"
