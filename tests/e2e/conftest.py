# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: the lab's namespaces, the real daemons, real packets. Each module gets a lab of its own name."""
import json
import os
import pathlib
import select
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("FLOWMOB_BUILD", ROOT / "build")) / "bin"
FLOWMOB = str(BIN / "flowmob")


PATIENCE = float(os.environ.get("FLOWMOB_PATIENCE", "1"))
"""By how much longer this machine may take for everything, as an emulated one does."""


def run(*command, check=True, timeout=60, **kwargs):
    """A finished command with its text output; a failure shows both streams."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout * PATIENCE, **kwargs)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))} -> {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


@pytest.fixture(scope="session", autouse=True)
def bpf_file_system():
    """systemd mounts it on a machine; nobody does in a container."""
    if " /sys/fs/bpf bpf " not in pathlib.Path("/proc/mounts").read_text():
        run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")


def eventually(condition, seconds=15, what="the condition"):
    """Waits until the condition holds and returns what it returned; waiting is bounded, never a fixed sleep.

    What may be a function: a log is read when waiting has ended, not before it began.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")


class Lab:
    """A running lab, addressed by role: cn, lma, mag1, mag2, mn."""

    def __init__(self, name):
        self.name = name
        self.status = self.current_status()

    def current_status(self):
        return json.loads(run(FLOWMOB, "lab", "status", "--name", self.name, "--json").stdout)

    def inside(self, node, *command, **kwargs):
        return run("ip", "netns", "exec", self.status["namespaces"][node], *command, **kwargs)

    def spawn(self, node, *command, **kwargs):
        return subprocess.Popen(["ip", "netns", "exec", self.status["namespaces"][node], *map(str, command)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)

    def ask(self, node, *command, check=True):
        """A flowmob command to one daemon; its JSON result."""
        done = run(FLOWMOB, "--control", self.status["control"][node], *command, "--json", check=False)
        document = json.loads(done.stdout)
        if check:
            assert done.returncode == 0, done.stdout
        else:
            document["exit"] = done.returncode
        return document

    def address(self, name):
        return self.status["addresses"][name]

    def pid(self, process):
        return self.current_status()["processes"][process]["pid"]

    def alive(self, node):
        """The daemon answers, and has not been started anew."""
        return self.ask(node, "status")["pid"] == self.pid(node)

    def drops(self, node):
        """Packets that the data plane dropped, by reason."""
        return {row["reason"]: row["packets"] for row in self.ask(node, "show", "statistics")["data_plane_drops"]}

    def bindings(self):
        """Flow name -> MAG, of the only mobile node there is."""
        return {row["flow"]: row["mag"] for row in self.ask("lma", "show", "bindings")["bindings"]}

    def edit(self, node, old, new, reload=True):
        """In a daemon's file, which it then reads again or not. Returns what brings the former file back."""
        file = pathlib.Path(self.status["directory"]) / f"{node}.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        if reload:
            self.ask(node, "reload")
        return lambda: file.write_text(text, encoding="utf-8")

    def link(self, name, state):
        run(FLOWMOB, "lab", "link", name, state, "--name", self.name)


class Stream:
    """A probe in the mobile node, or another, streams both ways with one in the correspondent until it is ended."""

    def __init__(self, lab, port, rate=100, tcp=False, size=400, source=None, node="mn"):
        transport = ["--tcp"] if tcp else []
        own = ["--source", source] if source else []
        self.server = lab.spawn("cn", BIN / "flowmob-probe", "serve", "--port", port, "--once", *transport)
        eventually(lambda: lab.inside("cn", "ss", "-Hlnt" if tcp else "-Hlnu", f"sport = :{port}").stdout, what="the serving probe")
        self.client = lab.spawn(node, BIN / "flowmob-probe", "stream", "--to", lab.address("cn"), "--port", port, "--rate", rate,
                                "--size", size, "--duration", 0, "--drain", 1, "--json", "--progress", "-", *transport, *own)
        self.run_for(1)

    def run_for(self, seconds):
        """Until a report of progress, of which there is one a second, is of that much later; it is in `progress`."""
        end = time.time_ns() + seconds * 10**9
        self.progress = {"time_ns": 0}
        while self.progress["time_ns"] < end:
            assert select.select([self.client.stdout], [], [], 30)[0], "no report of progress for 30 s"
            line = self.client.stdout.readline()
            assert line, self.client.stderr.read()
            self.progress = json.loads(line)

    def end(self):
        """{"outgoing": ..., "incoming": ...} as the client saw it."""
        self.client.terminate()
        out, err = self.client.communicate(timeout=30)
        self.server.wait(30)
        reports = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        whole = [report for report in reports if "outgoing" in report]
        assert whole, out + err
        return whole[-1]

    def kill(self):
        for process in (self.client, self.server):
            process.kill()
            process.communicate()

    def assert_lossless(self):
        report = self.end()
        assert report["complete"], report
        for way in ("outgoing", "incoming"):
            assert report[way]["sent"] > 50 and report[way]["lost"] == report[way]["duplicated"] == 0, report[way]
        return report


@pytest.fixture(scope="module")
def lab(request):
    name = f"t{os.getpid()}{request.module.__name__[-6:]}".replace("_", "")
    try:  # it has patience of its own
        run(FLOWMOB, "lab", "up", "--name", name, timeout=900)
        yield Lab(name)
    finally:
        run(FLOWMOB, "lab", "down", "--name", name)


@pytest.fixture
def stream(lab):
    """Starts streams to a port; what a failed test leaves of them ends with it."""
    started = []

    def start(port, **parameters):
        started.append(Stream(lab, port, **parameters))
        return started[-1]

    yield start
    for one in started:
        one.kill()
