# SPDX-License-Identifier: Apache-2.0
"""What flowmob-mnd gives back: routes that the kernel forgets, the ports of a device that was there, what is not on file any more, and what is
its own whatever the file says by now."""
import json
import os
import signal

import pytest

from conftest import eventually, run
from test_backends import backend_of_this_kernel, bare_node_of_a_backend, link, masters, own_device  # noqa: F401, pylint: disable=unused-import
from test_left_as_found import accept_ra, machine, take_down
from test_mnd import Node

@pytest.fixture(name="veth")
def bare_node_with_a_veth(tmp_path):
    node = Node(f"fm{os.getpid()}g", tmp_path)
    try:
        node.up()
        yield node
    finally:
        node.down()


def up(node):
    node.start()
    eventually(node.attached, seconds=60, what=lambda: node.log("mnd"))


def ask_ip(node, *words):
    return node.inside("mn", "ip", *words).stdout


ROUTES = ("-6 route add 2001:db8:bbbb::/48 dev if2", "-6 route add 2001:db8:cccc::/48 via 2001:db8:bad::9 dev if2 metric 77",
          "-6 route add 2001:db8:dddd::/48 via fe80::9 dev if2 table 177 proto static", "-6 route add 2001:db8:eeee::/48 dev if1 table 177",
          "route add 198.51.100.0/24 via 192.0.2.9 dev if2", "route add 203.0.113.0/24 dev if2 table 177")


def routes(node):
    """Those above; what an interface goes by is of no interest."""
    return {line.rstrip() for family in ("-6", "-4") for line in ask_ip(node, family, "route", "show", "table", "all").splitlines()
            if line.startswith(("2001:db8:bbbb", "2001:db8:cccc", "2001:db8:dddd", "2001:db8:eeee", "198.51.100", "203.0.113"))}


@pytest.fixture(name="routed")
def node_with_routes(bare):  # noqa: F811
    eventually(lambda: "fe80" in ask_ip(bare, "addr", "show", "dev", "if2"))
    bare.inside("mn", "ip", "addr", "add", "192.0.2.1/24", "dev", "if2")
    for line in ROUTES:
        bare.inside("mn", "ip", *line.split())
    assert len(routes(bare)) == len(ROUTES)
    return bare


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_members_have_their_static_routes_again(routed, how):
    before = routes(routed)
    up(routed)
    assert routes(routed) != before, "ports have no IPv6"
    routed.end(how)
    if how == signal.SIGKILL:
        up(routed)
        routed.end(how)
    take_down(routed)
    eventually(lambda: routes(routed) == before, what=lambda: str(before ^ routes(routed)))


def test_one_that_leaves_has_its_routes_again(routed):
    before = {line for line in routes(routed) if " if2 " in line + " "}
    up(routed)
    routed.ask("member remove", interface="if2", drain="0s")
    eventually(lambda: {line for line in routes(routed) if " if2 " in line + " "} == before, what=lambda: str(before ^ routes(routed)))


@pytest.mark.parametrize("ending", ["teardown", "kill", pytest.param("member remove", id="remove")])
def test_a_device_that_was_there_has_its_ports_and_no_qdisc_of_ours(bare, ending):  # noqa: F811
    own_device(bare, "if1")
    assert "clsact" not in bare.inside("mn", "tc", "qdisc").stdout
    up(bare)
    if ending == "member remove":
        bare.ask("member remove", interface="if1", drain="0s")
        eventually(lambda: masters(bare)["if1"] is None)
        bare.end()
        bare.config.write_text(bare.file(order=("if2",), extra=f'backend = "{bare.backend}"\n'))
        up(bare)
    bare.end(signal.SIGKILL if ending == "kill" else signal.SIGTERM)
    take_down(bare)
    assert masters(bare) == {"if1": "vif0", "if2": None}
    assert "clsact" not in bare.inside("mn", "tc", "qdisc").stdout
    eventually(lambda: link(bare, "if1")["operstate"] == "UP")


def test_a_qdisc_that_a_device_had_stays(bare):  # noqa: F811
    own_device(bare)
    bare.inside("mn", "tc", "qdisc", "add", "dev", "vif0", "clsact")
    up(bare)
    bare.end()
    take_down(bare)
    assert "clsact" in bare.inside("mn", "tc", "qdisc", "show", "dev", "vif0").stdout


def record_of(node):
    return node.directory / "mn.sock.before"


def lose(record, how):
    if how == "deleted":
        record.unlink()
    else:
        record.write_text(record.read_text()[:-20])


@pytest.mark.parametrize("how", ["deleted", "broken"])
def test_our_own_settings_are_not_taken_for_those_from_before(veth, how):
    veth.inside("mn", "sysctl", "-qw", "net.ipv6.conf.default.accept_ra=2")
    up(veth)
    veth.end()
    lose(record_of(veth), how)
    up(veth)
    said = veth.log("mnd")
    for name in ("if1", "if2"):
        assert f"{name}: it was a member already, and how it was before is not on file" in said, said
        assert accept_ra(veth, name) == "0"
    assert {entry["interface"]: entry["is_assumed"] for entry in json.loads(record_of(veth).read_text())["interfaces"]} == {"if1": True, "if2": True}
    veth.end(signal.SIGKILL)
    done = take_down(veth, check=False)
    assert done.returncode == 1 and "how if1, if2 were before is not known" in done.stderr, done.stderr
    assert (accept_ra(veth, "if1"), accept_ra(veth, "if2")) == ("2", "2"), "the kernel's default"
    assert "vif0" not in ask_ip(veth, "link") and not record_of(veth).exists()
    assert "clsact" not in veth.inside("mn", "tc", "qdisc").stdout
    take_down(veth)


def test_a_record_that_is_lost_before_teardown_is_missed(veth):
    up(veth)
    veth.end()
    lose(record_of(veth), "deleted")
    done = take_down(veth, check=False)
    assert done.returncode == 1 and "how if1, if2 were before is not known" in done.stderr, done.stderr
    assert (accept_ra(veth, "if1"), accept_ra(veth, "if2")) == ("1", "1")


def test_the_record_of_a_device_is_missed(bare):  # noqa: F811
    own_device(bare, "if1")
    up(bare)
    bare.end()
    (bare.directory / "mn.sock.device-before").unlink()
    up(bare)
    assert "vif0: it was the virtual interface already, and how it was before is not on file" in bare.log("mnd")
    bare.end()
    done = take_down(bare, check=False)
    assert done.returncode == 1 and "how 'vif0' was before is not on file" in done.stderr, done.stderr
    assert "clsact" not in bare.inside("mn", "tc", "qdisc").stdout
    take_down(bare)


@pytest.mark.parametrize("change", [('backend = "bridge"\n', "vif0"), ("", "vif1")])
def test_another_backend_or_interface_needs_a_teardown_first(veth, change):
    extra, name = change
    before = machine(veth)
    up(veth)
    file = veth.file(extra=extra).replace('"vif0"', f'"{name}"')
    veth.config.write_text(file)
    told = run("python3", "-c", "import json,socket,sys\ns=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1])\n"
               "s.sendall(b'{\"command\": \"reload\", \"args\": {}}\\n');print(s.makefile().readline())", str(veth.socket)).stdout
    assert json.loads(told)["error"]["code"] == "needs-restart", told
    veth.end()
    running = machine(veth)
    failed = run(*veth.program(), check=False)
    assert failed.returncode == 1 and "--teardown` first" in failed.stderr and "'vif0', a veth" in failed.stderr, failed.stderr
    assert machine(veth) == running, "it changes nothing"
    take_down(veth)
    assert machine(veth).keys() == before.keys() and "vif" not in ask_ip(veth, "link")
    assert not veth.bpf.exists() and not list(veth.directory.glob("mn.sock*"))
    up(veth)
    assert link(veth, name)["linkinfo"]["info_kind"] == ("bridge" if extra else "veth")
    veth.end()
    take_down(veth)
    assert "vif" not in ask_ip(veth, "link")


def test_a_device_that_was_there_is_given_back_whatever_the_file_says(bare):  # noqa: F811
    own_device(bare, "if1")
    up(bare)
    bare.end()
    bare.config.write_text(bare.file(extra='backend = "veth"\n').replace('"vif0"', '"vif7"'))
    take_down(bare)
    assert masters(bare) == {"if1": "vif0", "if2": None} and "vif0" not in bare.global_addresses()


def test_a_start_in_the_instant_after_a_kill_is_not_refused(veth):
    up(veth)
    for _ in range(5):
        veth.processes["mnd"].send_signal(signal.SIGKILL)
        former = veth.processes.pop("mnd")
        veth.start()
        former.wait()
    assert "a daemon answers" not in veth.log("mnd")
