# SPDX-License-Identifier: Apache-2.0
"""What flowmob-mnd refuses at its start, and `flowmob check --interfaces` before it; what a restart keeps."""
import json
import signal

import pytest

from conftest import FLOWMOB, eventually, run
from test_members import state_of
from test_mnd import ADDRESS, attached_node, bare_node  # noqa: F401, pylint: disable=unused-import

STATIC = "2001:db8:bad::2"


def checked(node):
    return node.inside("mn", FLOWMOB, "check", "--interfaces", node.config, check=False)


UNFIT = {"mtu-too-small": (["link set if2 mtu 1200"], "if2"),
         "has-master": (["link add br9 type bridge", "link set if2 master br9"], "if2"),
         "same-link-layer-address": (["link set if2 address 02:00:00:00:01:01"], "if2"),
         "is-loopback": ([], "lo")}


@pytest.mark.parametrize("code", UNFIT)
def test_an_unfit_member_is_refused_before_anything_is_changed(bare, code):  # noqa: F811
    lines, member = UNFIT[code]
    bare.ip("mn", f"addr add {STATIC}/64 dev if1 nodad", *lines)
    bare.config.write_text(bare.file(order=("if1", member)))
    before = state_of(bare, "if1")
    started, said = run(*bare.program(), check=False), checked(bare)
    assert started.returncode == said.returncode == 1
    assert f"[{code}]" in started.stderr and "removing" not in started.stderr, started.stderr
    line = bare.config.read_text().splitlines().index(f'interface = "{member}"') + 1
    assert f"{bare.config}:{line}:" in said.stdout and f"[{code}]" in said.stdout, said.stdout
    assert state_of(bare, "if1") == before
    assert "vif0" not in bare.inside("mn", "ip", "link").stdout


def test_a_port_is_told_with_its_master_and_the_way_out(bare):  # noqa: F811
    bare.ip("mn", "link add br9 type bridge", "link set if2 master br9")
    said = run(*bare.program(), check=False).stderr
    assert "the bridge 'br9'" in said and "ip link set if2 nomaster" in said


def test_what_may_start_is_right(bare):  # noqa: F811
    assert checked(bare).returncode == 0


def test_a_member_whose_mtu_fell_waits_over_a_restart(node):  # noqa: F811
    node.end(signal.SIGKILL)
    node.ip("mn", "link set if2 mtu 1200")
    node.start()
    eventually(lambda: node.default() == ["if1"], what=lambda: node.log("mnd"))
    assert node.links()["if2"]["state"] == "mtu-too-small"
    assert node.ping() == 3
    node.ip("mn", "link set if2 mtu 1500")
    eventually(lambda: node.links()["if2"]["state"] == "up", what=lambda: node.log("mnd"))
    assert node.inside("mn", "sysctl", "-n", "net.ipv6.conf.if2.accept_ra").stdout.strip() == "0"


def mac(node):
    return json.loads(node.inside("mn", "ip", "-j", "link", "show", "vif0").stdout)[0]["address"]


def test_another_order_of_members_changes_no_address(bare):  # noqa: F811
    node = bare

    def write(*order):
        node.config.write_text(node.file(order=order).replace('mac = "02:00:00:00:01:01"\n', ""))
    write("if1", "if2")
    node.start()
    eventually(node.attached, what=lambda: node.log("mnd"))
    eventually(lambda: list(node.global_addresses()) == ["vif0"])
    before = node.global_addresses(), mac(node)
    assert "keeps 02:" not in node.log("mnd")
    node.end(signal.SIGTERM)
    write("if2", "if1")
    node.start()
    eventually(lambda: node.attached() and node.default() == ["if2"], what=lambda: node.log("mnd"))
    assert (node.global_addresses(), mac(node)) == before
    assert "vif0 keeps 02:00:00:00:01:01" in node.log("mnd") and "02:00:00:00:01:02, that of if2" in node.log("mnd")
    assert node.ping() == 3


def test_a_flow_that_is_named_by_its_uplink_is_turned_round(bare):  # noqa: F811
    node = bare
    node.config.write_text(node.file(extra='decider = "mn"\n'))
    node.start()
    eventually(node.attached, what=lambda: node.log("mnd"))
    eventually(lambda: node.ping() == 3)
    flow = next(row for row in node.ask("show flows")["flows"] if row["protocol"] == "icmpv6" and row["source"] != ADDRESS)
    uplink, downlink = (f"icmpv6,{a},{b}" for a, b in ((flow["destination"], flow["source"]), (flow["source"], flow["destination"])))
    moved = node.ask("flow move", flow=uplink, to="if2")
    assert (moved["flow"], moved["changed"], moved["turned_round"]) == (downlink, True, True)
    assert node.ask("policy explain", flow=uplink)["member"] == "if2"
    again = node.ask("flow move", flow=downlink, to="if2")
    assert (again["flow"], again["changed"], again["turned_round"]) == (downlink, False, False)
    assert node.ask("flow release", flow=uplink) == {"flow": downlink, "from": "if2", "changed": True, "turned_round": True}


def test_doctor_sees_the_bpf_file_system_that_a_namespace_hides(bare):  # noqa: F811
    done = run("ip", "netns", "exec", f"{bare.name}-mn", FLOWMOB, "doctor", "--node", bare.config, "--json", check=False)
    document = json.loads(done.stdout)
    (found,) = [finding for finding in document["findings"] if finding["name"] == "bpffs"]
    assert found["status"] == "present" and "`ip netns exec` hides it" in found["detail"], found
    assert document["mobile_node"]["missing"] == []
