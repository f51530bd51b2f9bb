# SPDX-License-Identifier: Apache-2.0
"""flowmob lab as a program among programs: its errors, its exit statuses, two at once, half a lab, a reader that goes away."""
import fcntl
import json
import os
import signal
import subprocess

import pytest

from conftest import FLOWMOB, eventually, run


def fails(*words):
    done = run(FLOWMOB, *words, check=False)
    document = json.loads(done.stdout)
    assert document["ok"] is False and document["error"]["message"]
    return done.returncode, document["error"]["code"]


def test_every_error_is_json_and_misuse_is_2():
    assert fails("lab", "status", "--name", "no-such-lab", "--json") == (1, "no-lab")
    assert fails("--json", "lab", "status", "--name", "no-such-lab") == (1, "no-lab")
    assert fails("lab", "exec", "mn", "--name", "no-such-lab", "--json", "--", "true") == (1, "no-lab")
    assert fails("lab", "exec", "nobody", "--name", "no-such-lab", "--json", "--", "true") == (1, "no-such-node")
    assert fails("lab", "up", "--engine", "steam", "--json") == (2, "usage")
    assert fails("lab", "--json") == (2, "usage")
    assert fails("lab", "link", "mag1-mn", "sideways", "--json") == (2, "usage")
    assert fails("lab", "up", "--name", "../x", "--json") == (2, "bad-name")
    done = run(FLOWMOB, "lab", "upp", check=False)
    assert done.returncode == 2 and not done.stdout and "flowmob lab --help" in done.stderr


@pytest.fixture
def bare_lab():
    name = f"t{os.getpid()}cmd"
    run(FLOWMOB, "lab", "up", "--no-daemons", "--name", name)
    yield name
    run(FLOWMOB, "lab", "down", "--name", name)
    assert name not in run("ip", "netns", "list").stdout


def processes(name):
    return json.loads(run(FLOWMOB, "lab", "status", "--name", name, "--json").stdout)["processes"]


def test_a_commands_own_words_stay_its_own(bare_lab):
    done = run(FLOWMOB, "--json", "lab", "exec", "--name", bare_lab, "mn", "--", "echo", "-n", "a b")
    assert done.stdout == "a b"
    links = run(FLOWMOB, "lab", "exec", "--name", bare_lab, "mn", "--", "ip", "--json", "link")
    assert {link["ifname"] for link in json.loads(links.stdout)} >= {"if1", "if2"}


def test_a_command_dies_of_a_broken_pipe_as_everywhere(bare_lab):
    with subprocess.Popen([FLOWMOB, "lab", "exec", "--name", bare_lab, "mn", "--", "yes"], stdout=subprocess.PIPE) as yes:
        yes.stdout.readline()
        yes.stdout.close()
        assert yes.wait(10) == -signal.SIGPIPE


def test_up_adds_the_daemons_that_are_wanted(bare_lab):
    assert not {"lma", "mag1", "mag2", "mn"} & processes(bare_lab).keys()
    run(FLOWMOB, "lab", "up", "--name", bare_lab, timeout=90)
    assert all(processes(bare_lab)[daemon]["running"] for daemon in ("lma", "mag1", "mag2", "mn"))
    before = processes(bare_lab)
    again = run(FLOWMOB, "lab", "up", "--name", bare_lab)
    assert processes(bare_lab) == before and "was up already" in again.stderr
    os.kill(before["mag1"]["pid"], signal.SIGKILL)
    eventually(lambda: not processes(bare_lab)["mag1"]["running"], seconds=10, what="the end of mag1")
    assert "BROKEN: ended: mag1\n" in run(FLOWMOB, "lab", "status", "--name", bare_lab).stdout


def test_down_says_whether_there_was_a_lab():
    done = run(FLOWMOB, "lab", "down", "--name", "no-such-lab")
    assert done.stdout == 'lab "no-such-lab" was not up\n'


def test_the_demo_leaves_a_lab_alone_that_somebody_works_in(bare_lab, tmp_path):
    before = processes(bare_lab)
    assert fails("lab", "demo", "--name", bare_lab, "--output", tmp_path, "--json") == (1, "in-use")
    assert processes(bare_lab) == before


def test_two_do_not_build_one_lab():
    name = f"t{os.getpid()}two"
    path = f"/run/flowmob/.{name}.lock"
    os.makedirs("/run/flowmob", exist_ok=True)
    with open(path, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert fails("lab", "up", "--name", name, "--json") == (1, "busy")
        assert fails("lab", "demo", "--name", name, "--json") == (1, "busy")
    os.unlink(path)


def test_the_demo_says_at_once_which_program_is_missing(tmp_path):
    done = run(FLOWMOB, "lab", "demo", "--name", f"t{os.getpid()}none", "--output", tmp_path, "--json", check=False,
               env={"PATH": "/nonexistent"})
    error = json.loads(done.stdout)["error"]
    assert done.returncode == 1 and error["code"] == "missing-program" and "apt install tcpdump" in error["message"]


def test_a_demo_without_a_folder_to_write_to_begins_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    name = f"t{os.getpid()}out"
    assert fails("lab", "demo", "--name", name, "--output", tmp_path / "file" / "demo", "--json") == (1, "write-failed")
    assert name not in run("ip", "netns", "list").stdout


@pytest.mark.parametrize("how", ["interrupted", "not read"])
def test_a_demo_that_is_broken_off_leaves_nothing_but_its_logs(tmp_path, how):
    name = f"t{os.getpid()}off"
    with subprocess.Popen([FLOWMOB, "lab", "demo", "--name", name, "--output", tmp_path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as demo:
        demo.stdout.readline()
        if how == "not read":
            demo.stdout.close()
        eventually(lambda: (tmp_path / "work" / "video-mn.log").exists(), seconds=60, what="the demo's traffic")
        demo.send_signal(signal.SIGINT)
        if how == "interrupted":
            demo.stdout.read()
        assert demo.wait(30) == 1
    assert name not in run("ip", "netns", "list").stdout
    assert not os.path.exists(f"/run/flowmob/{name}") and not os.path.exists(f"/run/flowmob/.{name}.lock")
    assert (tmp_path / "logs" / "lma.log").exists() and (tmp_path / "work" / "curl.out").exists()
    assert not (tmp_path / "work" / "film.bin").exists()
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["verdict"] == "fail" and report["interrupted"] and report["reason"] == "interrupted"
