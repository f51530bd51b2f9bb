# SPDX-License-Identifier: Apache-2.0
"""Rules of the mobile node by who on it sends: its users, its cgroups (docs/adr/0073)."""
import contextlib
import itertools
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from conftest import BIN, FLOWMOB, eventually, run

PORTS = itertools.count(21000)
NAMED, NUMBERED = "daemon", 12345
PREFIX = "flowmob-test-"

SEND = """
import socket, sys
node_port, address, port, dscp = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
s.bind(("::", node_port))
s.sendto(b"x", (address, port))
"""
# Says its port; then at each line it is told to do something.
LISTEN = """
import socket, sys
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("::", int(sys.argv[1])))
s.listen()
print("listens", flush=True)
peer, _ = s.accept()
peer.sendall(b"welcome")
assert peer.recv(100) == b"thanks"
print("served", flush=True)
sys.stdin.readline()
peer.close()
print("closed", flush=True)
sys.stdin.readline()
"""
# A name service that answers when a file is gone.
SLOW = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>
int getpwnam_r(const char* name, struct passwd* entry, char* room, size_t size, struct passwd** found) {
  int (*next)(const char*, struct passwd*, char*, size_t, struct passwd**) = dlsym(RTLD_NEXT, "getpwnam_r");
  while (access(getenv("SLOW_UNTIL_GONE"), F_OK) == 0) usleep(1000);
  return next(name, entry, room, size, found);
}
"""
CONNECT = """
import socket, sys
s = socket.socket(socket.AF_INET6)
s.bind(("::", int(sys.argv[1])))
s.connect((sys.argv[2], int(sys.argv[3])))
assert s.recv(100) == b"welcome"
s.sendall(b"thanks")
print("connected", flush=True)
sys.stdin.readline()
s.close()
print("closed", flush=True)
"""


def as_user(user):
    return [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


class Talk:
    """A program that says a line, and waits for one."""

    def __init__(self, lab, node, script, *arguments, user=None, **kwargs):
        self.process = lab.spawn(node, *as_user(user), sys.executable, "-c", script, *arguments, stdin=-1, **kwargs)

    def says(self, word):
        line = self.process.stdout.readline().strip()
        assert line == word, line or self.process.stderr.read()

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self):
        self.process.kill()
        self.process.communicate()


class Node:
    def __init__(self, lab):
        self.lab = lab
        self.file = pathlib.Path(lab.status["directory"]) / "mn.toml"
        self.plain = self.file.read_text(encoding="utf-8").replace('decider = "lma"', 'decider = "mn"', 1)
        self.home = lab.address("vif").split("/")[0]

    def rules(self, *rules, check=True):
        """Each a name, a match and its first member."""
        text = "".join(f'\n[[rule]]\nname = "{name}"\nmatch = {{ {match} }}\nprefer = ["{member}"]\n' for name, match, member in rules)
        self.file.write_text(self.plain + text, encoding="utf-8")
        answer = self.lab.ask("mn", "reload", check=check)
        eventually(lambda: not any("not known yet" in row["why"] for row in self.absent()), what="the users")
        return answer

    def row(self, node_port):
        rows = [row for row in self.lab.ask("mn", "show", "flows")["flows"] if row["destination_port"] == node_port]
        return rows[0] if rows else None

    def send(self, user=None, dscp=0, port=7, **kwargs):
        """One datagram from a port of its own; the flow's row."""
        node_port = next(PORTS)
        self.lab.inside("mn", *as_user(user), sys.executable, "-c", SEND, node_port, self.lab.address("cn"), port, dscp, **kwargs)
        row = self.row(node_port)
        return row["member"], row["rule"]

    def absent(self):
        return self.lab.ask("mn", "show", "flows")["absent_rules"]


@pytest.fixture(name="node", scope="module")
def deciding_node(lab):
    node = Node(lab)
    node.rules()
    assert [row["interface"] for row in lab.ask("mn", "show", "links")["links"] if row["default"]] == ["if1"]
    return node


@pytest.fixture(name="talk")
def talks_that_end(lab):
    with contextlib.ExitStack() as ending:
        def start(*arguments, **kwargs):
            one = Talk(lab, *arguments, **kwargs)
            ending.callback(one.kill)
            return one
        yield start


def test_each_user_has_its_member(node):
    node.rules(("named", f'user = "{NAMED}"', "if2"), ("numbered", 'user = "12000-12999"', "if1"))
    assert node.send(NAMED) == ("if2", "named")
    assert node.send(NUMBERED) == ("if1", "numbered")
    assert node.send() == ("if1", None), "root"
    node.rules(("numbered", f"user = {NUMBERED}", "if2"), ("named", f'user = ["{NAMED}", 77]', "if1"))
    assert node.send(NAMED) == ("if1", "named")
    assert node.send(NUMBERED) == ("if2", "numbered")


def test_all_that_a_rule_asks_has_to_hold(node):
    node.rules(("voice", f'user = "{NAMED}", dscp = 46, source_port = 7', "if2"))
    assert node.send(NAMED, dscp=46) == ("if2", "voice")
    assert node.send(NAMED) == ("if1", None)
    assert node.send(dscp=46) == ("if1", None)
    assert node.send(NAMED, dscp=46, port=9) == ("if1", None)
    asked = ("policy", "explain", f"udp,{node.lab.address('cn')},7,{node.home},5", "--dscp", "46")
    assert node.lab.ask("mn", *asked, "--user", NAMED)["member"] == "if2"
    assert node.lab.ask("mn", *asked, "--user", "77")["passed_over"][0]["differs_in"] == "user"
    nobodys = node.lab.ask("mn", *asked)
    assert nobodys["rule"] is None and nobodys["passed_over"][0]["differs_in"] == "user"
    assert node.lab.ask("mn", *asked, "--user", "no-such-user", check=False)["error"]["code"] == "bad-argument"
    assert node.lab.ask("lma", *asked, "--user", "77", check=False)["error"]["code"] == "bad-argument"


def test_an_unknown_user_is_shown(node):
    node.rules(("nobodys", 'user = "no-such-user"', "if2"), ("named", f'user = "{NAMED}"', "if2"))
    assert node.absent() == [{"rule": "nobodys", "why": "there is no user 'no-such-user'"}]
    assert node.send(NAMED) == ("if2", "named") and node.send("root") == ("if1", None)


def test_a_connection_that_comes_goes_by_its_servers_member(node, talk):
    node.rules(("served", f'user = "{NAMED}"', "if2"))
    port, cn_port = next(PORTS), next(PORTS)
    server = talk("mn", LISTEN, port, user=NAMED)
    server.says("listens")
    client = talk("cn", CONNECT, cn_port, node.home, port)
    client.says("connected")
    server.says("served")
    row = node.row(port)
    assert (row["member"], row["rule"], row["source_port"]) == ("if2", "served", cn_port)
    assert row["moves"] <= 1 and row["traffic"]["up"]["packets"] >= 3


def test_a_flow_keeps_its_member_when_its_socket_is_gone(node, talk):
    """The answer to the correspondent's FIN is that of a socket in TIME_WAIT, which has no user."""
    node.rules(("named", f'user = "{NAMED}"', "if2"))
    port, node_port = next(PORTS), next(PORTS)
    server = talk("cn", LISTEN, port)
    server.says("listens")
    client = talk("mn", CONNECT, node_port, node.lab.address("cn"), port, user=NAMED)
    client.says("connected")
    server.says("served")
    assert node.row(node_port)["member"] == "if2"
    client.go_on()
    client.says("closed")
    eventually(lambda: "FIN-WAIT-2" in node.lab.inside("mn", "ss", "-Htan", f"sport = :{node_port}").stdout, what="nothing of it but the kernel's memory")
    before = node.row(node_port)
    assert (before["member"], before["rule"]) == ("if2", "named")
    for _ in range(2):
        node.rules(("named", f'user = "{NAMED}"', "if2"), ("all", 'protocol = "tcp"', "if1"))
        node.rules(("named", f"user = {NUMBERED}", "if1"), ("all", 'protocol = "tcp"', "if1"))
    server.go_on()
    server.says("closed")
    eventually(lambda: node.row(node_port)["traffic"]["up"]["packets"] > before["traffic"]["up"]["packets"], what="the last answer")
    after = node.row(node_port)
    assert (after["member"], after["moves"]) == ("if2", before["moves"])


def hierarchy():
    mounts = (line.split() for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines())
    return next((pathlib.Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"), None)


def remove_cgroup(top):
    """Also what is below it, and its processes."""
    folders = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts)) + [top]
    for folder in folders:
        for pid in (folder / "cgroup.procs").read_text(encoding="utf-8").split():
            os.kill(int(pid), signal.SIGKILL)
        eventually(lambda folder=folder: not (folder / "cgroup.procs").read_text(encoding="utf-8"), what="processes have ended")
        folder.rmdir()


@pytest.fixture(name="cgroup")
def folder_for_cgroups():
    """A name for one that is not there yet; what a run that crashed has left goes first."""
    root = hierarchy()
    if root is None:
        pytest.skip("no cgroup hierarchy of version 2 is mounted")
    for left in root.glob(PREFIX + "*"):
        if not pathlib.Path(f"/proc/{left.name.removeprefix(PREFIX)}").exists():
            remove_cgroup(left)
    top = root / f"{PREFIX}{os.getpid()}"
    yield top
    if top.exists():
        remove_cgroup(top)


def inside(folder):
    """For processes that are to begin there: this one's child goes, and then becomes another program."""
    return {"preexec_fn": lambda: (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")}


def test_each_cgroup_has_its_member(node, cgroup):
    for name in ("a", "a/below", "b"):
        (cgroup / name).mkdir(parents=True)
    node.rules(("a", f'cgroup = "/{cgroup.name}/a"', "if2"), ("both", f'cgroup = "/{cgroup.name}", user = {NUMBERED}', "if2"))
    assert node.absent() == []
    assert node.send(**inside(cgroup / "a")) == ("if2", "a")
    assert node.send(**inside(cgroup / "a" / "below")) == ("if2", "a")
    assert node.send(**inside(cgroup / "b")) == ("if1", None)
    assert node.send() == ("if1", None)
    assert node.send(NUMBERED, **inside(cgroup / "b")) == ("if2", "both")
    assert node.send(NUMBERED) == ("if1", None)
    flow = ("policy", "explain", f"udp,{node.lab.address('cn')},7,{node.home},5", "--cgroup")
    assert node.lab.ask("mn", *flow, f"/{cgroup.name}/a/below")["rule"] == "a"
    assert node.lab.ask("mn", *flow, f"/{cgroup.name}/b")["rule"] is None


def test_a_rule_waits_for_its_cgroup(node, cgroup):
    path = f"/{cgroup.name}/service"
    node.rules(("service", f'cgroup = "{path}"', "if2"))
    absent = {"rule": "service", "why": f"there is no cgroup '{path}'"}
    assert node.absent() == [absent]
    explained = node.lab.ask("mn", "policy", "explain", f"udp,{node.lab.address('cn')},7,{node.home},5", "--cgroup", path)
    assert explained["rule"] is None and explained["passed_over"][0]["absent"] == absent["why"]
    assert absent["why"] in run(FLOWMOB, "--control", node.lab.status["control"]["mn"], "show", "flows").stdout
    for _ in range(2):  # the second time as a service that restarts
        (cgroup / "service").mkdir(parents=True)
        eventually(lambda: node.absent() == [], what="the rule holds")
        assert node.send(**inside(cgroup / "service")) == ("if2", "service")
        assert node.send() == ("if1", None)
        (cgroup / "service").rmdir()
        eventually(lambda: node.absent() == [absent], what="the rule is gone")


def test_rules_that_cannot_be_written_change_nothing_and_are_written_later(node, cgroup):
    """A file system of another kind covers a cgroup: it is there, and the kernel takes its folder for none."""
    cgroup.mkdir()
    named = f'user = "{NAMED}"'
    node.rules(("named", named, "if2"))
    run("mount", "-t", "tmpfs", "flowmob-test", cgroup)
    try:
        refused = node.rules(("covered", f'cgroup = "/{cgroup.name}", dscp = 8', "if2"), ("named", named, "if1"), check=False)
        assert refused["error"]["code"] == "bpf-map" and "vif_cgroups" in refused["error"]["message"]
        assert node.send(NAMED) == ("if2", "named"), "as before, and by its name"
        moved = node.lab.ask("mn", "flow", "move", "named", "--to", "if2", check=False)
        assert moved["error"]["code"] == "bpf-map"
        preferred = node.lab.ask("mn", "member", "prefer", "if1", check=False)
        assert "error" not in preferred, "members are not refused for rules"
    finally:
        run("umount", cgroup)
    eventually(lambda: node.send(NAMED) == ("if1", "named"), 30, "the file's word, and not that of the command that was refused")
    assert node.send(dscp=8, **inside(cgroup)) == ("if2", "covered")


@pytest.fixture(name="restart", scope="module")
def daemon_anew(lab):
    """Instead of the lab's, until the module ends."""
    processes = []

    def answers():
        return "error" not in lab.ask("mn", "status", check=False)

    def kill_and_start(**environment):
        if processes:
            processes[-1].kill()
            processes[-1].wait()
        else:
            os.kill(lab.pid("mn"), signal.SIGKILL)
        eventually(lambda: not answers(), what="the end of the daemon")
        with open(pathlib.Path(lab.status["directory"]) / "mn.log", "a", encoding="utf-8") as log:
            processes.append(subprocess.Popen([BIN / "flowmob-mnd", "--config", pathlib.Path(lab.status["directory"]) / "mn.toml",
                                               "--netns", lab.status["namespaces"]["mn"]], stdout=log, stderr=log, env={**os.environ, **environment}))
        eventually(answers, what="its successor")

    yield kill_and_start
    for process in processes:
        process.kill()
        process.wait()


def test_a_restarted_daemon_knows_its_cgroups_at_once(node, cgroup, talk, restart):
    (cgroup / "service").mkdir(parents=True)
    node.rules(("service", f'cgroup = "/{cgroup.name}/service"', "if2"))
    port, node_port = next(PORTS), next(PORTS)
    server = talk("cn", LISTEN, port)
    server.says("listens")
    client = talk("mn", CONNECT, node_port, node.lab.address("cn"), port, **inside(cgroup / "service"))
    client.says("connected")
    before = node.row(node_port)
    restart()
    assert node.absent() == []
    client.go_on()
    client.says("closed")
    eventually(lambda: node.row(node_port)["traffic"]["up"]["packets"] > before["traffic"]["up"]["packets"], what="the end of the connection")
    after = node.row(node_port)
    assert (after["member"], after["moves"], before["member"]) == ("if2", before["moves"], "if2")


def test_a_slow_name_service_holds_nothing_up(node, restart, tmp_path):
    """As that of a directory far away (docs/adr/0076)."""
    slow, gone = tmp_path / "slow.so", tmp_path / "slow"
    run("gcc", "-shared", "-fPIC", "-o", slow, "-x", "c", "-", input=SLOW)
    node.rules(("named", f'user = "{NAMED}"', "if2"))
    gone.touch()
    restart(LD_PRELOAD=str(slow), SLOW_UNTIL_GONE=str(gone))
    assert node.absent() == [{"rule": "named", "why": f"the user '{NAMED}' is not known yet"}]
    eventually(lambda: node.send(NAMED) == ("if1", None), what="the default member has the flow")
    assert "error" not in node.lab.ask("mn", "reload")
    assert len(node.absent()) == 1
    gone.unlink()
    eventually(lambda: node.absent() == [], what="the rule holds")
    assert node.send(NAMED) == ("if2", "named")
