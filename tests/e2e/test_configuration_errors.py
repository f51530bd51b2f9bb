# SPDX-License-Identifier: Apache-2.0
"""A daemon that cannot be right says where its file is wrong, and starts nothing."""
import json
import os
import pathlib
import re

import pytest

from conftest import BIN, FLOWMOB, run

LMA = """[lma]
name = "lma"
address = "2001:db8:f::1"
core_interfaces = ["core0"]
access_interfaces = ["acc1"]
pools = ["2001:db8:100::/48"]
tunnel_mtu = 1460

[[mag]]
name = "mag1"
address = "2001:db8:a::1"
security = "none"

[[mobile_node]]
id = "mn1@example.net"
"""
MAG = """[mag]
name = "mag1"
address = "2001:db8:a::1"
transport_interfaces = ["net0"]

[lma]
address = "2001:db8:f::1"
security = "none"

[[access]]
name = "wlan"
interface = "acc0"
technology = "802.11"
"""
MN = """[mn]
name = "mn"
interface = "vif0"

[[member]]
interface = "if1"
"""
INTERFACES = ("core0", "acc1", "net0", "acc0", "if1")
FILES = {"lma": LMA, "mag": MAG, "mn": MN}

# daemon, what to replace, by what, the line where it is wrong, a word of the message
WRONG = {
    "wrong type": ("lma", "tunnel_mtu = 1460", 'tunnel_mtu = "large"', 7, "large"),
    "out of range": ("lma", "tunnel_mtu = 1460", "tunnel_mtu = 100", 7, "1280"),
    "unknown key": ("lma", "tunnel_mtu = 1460", "tunel_mtu = 1460", 7, "tunel_mtu"),
    "overlapping pools": ("lma", '["2001:db8:100::/48"]', '["2001:db8:100::/48", "2001:db8:100:80::/57"]', 6, "2001:db8:100:80::/57"),
    "missing key": ("lma", 'address = "2001:db8:f::1"\n', "", 1, "address"),
    "not TOML": ("lma", "[[mag]]", "[[mag", 9, ""),
    "no address": ("mag", '"2001:db8:a::1"', '"2001:db8::g"', 3, "2001:db8::g"),
    "unknown technology": ("mag", '"802.11"', '"802.99"', 13, "802.99"),
    "missing core interface": ("lma", '"core0"', '"nowhere0"', 4, "nowhere0"),
    "missing access interface": ("lma", '"acc1"', '"nowhere0"', 5, "nowhere0"),
    "missing transport interface": ("mag", '"net0"', '"nowhere0"', 4, "nowhere0"),
    "missing interface of an access": ("mag", '"acc0"', '"nowhere0"', 12, "nowhere0"),
    "missing member": ("mn", '"if1"', '"nowhere0"', 6, "nowhere0"),
    "no member": ("mn", '[[member]]\ninterface = "if1"\n', "", 1, "member"),
}


@pytest.fixture(scope="module", name="netns")
def namespace():
    """All interfaces but the one that is missing."""
    name = f"fm-{os.getpid()}-conf"
    run("ip", "netns", "add", name)
    for interface in INTERFACES:
        run("ip", "-n", name, "link", "add", interface, "type", "veth", "peer", "name", f"{interface}p")
    yield name
    run("ip", "netns", "del", name)


def paths(directory, netns):
    bpf = pathlib.Path("/sys/fs/bpf") / netns
    return bpf, f'control = "{directory}/control.sock"\nbpf = "{bpf}"\n'


@pytest.mark.parametrize("mistake", WRONG)
def test_a_daemon_says_where_and_starts_nothing(netns, tmp_path, mistake):
    daemon, right, wrong, line, word = WRONG[mistake]
    bpf, lines = paths(tmp_path, netns)
    text = FILES[daemon].replace(right, wrong, 1)
    assert text != FILES[daemon]
    # Behind the first table's keys, so that the lines above stay where they are.
    head, _, rest = text.partition("\n\n")
    file = tmp_path / f"{daemon}.toml"
    file.write_text(f"{head}\n{lines}\n{rest}")
    shift = lines.count("\n") if line > head.count("\n") + 1 else 0
    links = run("ip", "-n", netns, "link").stdout

    done = run(BIN / f"flowmob-{daemon}d", "--config", file, "--netns", netns, check=False)
    assert done.returncode != 0
    assert re.search(rf"^{re.escape(str(file))}:{line + shift}:\d+: .*{re.escape(word)}", done.stderr, re.M), done.stderr
    assert not (tmp_path / "control.sock").exists()
    assert not bpf.exists()
    assert run("ip", "-n", netns, "link").stdout == links
    for interface in INTERFACES:
        assert "bpf" not in run("tc", "-n", netns, "filter", "show", "dev", interface, "ingress").stdout


@pytest.mark.parametrize("mistake", [name for name in WRONG if WRONG[name][4] != "nowhere0"])
def test_check_finds_the_same(tmp_path, mistake):
    daemon, right, wrong, line, word = WRONG[mistake]
    file = tmp_path / f"{daemon}.toml"
    file.write_text(FILES[daemon].replace(right, wrong, 1))
    done = run(FLOWMOB, "check", file, check=False)
    assert done.returncode == 1
    assert f"{file}:{line}:" in done.stdout + done.stderr
    document = json.loads(run(FLOWMOB, "check", file, "--json", check=False).stdout)
    assert document["ok"] is False and any(d["line"] == line for d in document["errors"])


@pytest.mark.parametrize("daemon", FILES)
def test_check_approves_of_what_is_right(tmp_path, daemon):
    file = tmp_path / f"{daemon}.toml"
    file.write_text(FILES[daemon])
    assert json.loads(run(FLOWMOB, "check", file, "--json").stdout)["ok"] is True


def test_a_file_that_is_not_there(tmp_path):
    done = run(BIN / "flowmob-lmad", "--config", tmp_path / "none.toml", check=False)
    assert done.returncode != 0 and "none.toml" in done.stderr
