# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: the lab's namespaces, the real daemons, real packets. Each module gets a lab of its own name."""
import json
import os
import pathlib
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("FLOWMOB_BUILD", ROOT / "build")) / "bin"
FLOWMOB = str(BIN / "flowmob")


def run(*command, check=True, timeout=60, **kwargs):
    """A finished command with its text output; a failure shows both streams."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout, **kwargs)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))} -> {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def eventually(condition, seconds=15, what="the condition"):
    """Waits until the condition holds and returns what it returned; waiting is bounded, never a fixed sleep."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Lab:
    """A running lab, addressed by role: cn, lma, mag1, mag2, mn."""

    def __init__(self, name):
        self.name = name
        run(FLOWMOB, "lab", "up", "--name", name, timeout=90)
        self.status = json.loads(run(FLOWMOB, "lab", "status", "--name", name, "--json").stdout)

    def down(self):
        run(FLOWMOB, "lab", "down", "--name", self.name)

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


@pytest.fixture(scope="module")
def lab(request):
    domain = Lab(f"t{os.getpid()}{request.module.__name__[-6:]}".replace("_", ""))
    yield domain
    domain.down()
