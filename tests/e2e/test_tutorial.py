# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md does what it says: its shell blocks in one shell, in order, and the outputs shown behind them."""
import os
import pathlib
import queue
import re
import subprocess
import threading
import time

import pytest

from conftest import BIN, ROOT, run

TUTORIAL = ROOT / "docs/tutorial.md"
BLOCK_SECONDS = 60  # one that takes longer waits for what does not come
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.M | re.S)


def blocks():
    """(commands, expected lines) in the order of the page."""
    return [(sh, text.splitlines()) for sh, text in BLOCK.findall(TUTORIAL.read_text())]


def as_pattern(line):
    """`...` stands for anything; how wide a column is does not matter."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in line.split("...")]
    return re.compile(r".*?\s*".join(parts))


def test_blocks_are_found():
    assert len(blocks()) >= 8 and sum(bool(expected) for _, expected in blocks()) >= 5


class Shell:
    """One bash for all blocks, as a reader has it."""

    def __init__(self, name, directory):
        self.name, self.directory, self.mark = name, directory, f"--- {name} done ---"
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
        self.process = subprocess.Popen(["bash", "-m"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        cwd=ROOT, env=environment)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def run(self, commands):
        """(output, exit status) of a block; names that are global to the machine become this run's own."""
        commands = commands.replace("/tmp/tut", str(self.directory)).replace("/bpf/tut", f"/bpf/{self.name}")
        commands = re.sub(r"\btut-", f"{self.name}-", commands)
        self.process.stdin.write(f"{{ {commands}\n}} </dev/null\necho \"{self.mark} $?\"\n")
        self.process.stdin.flush()
        lines, deadline = [], time.monotonic() + BLOCK_SECONDS
        try:
            while (line := self.lines.get(timeout=max(0, deadline - time.monotonic()))) is not None:
                if line.startswith(self.mark):
                    return lines, int(line.split()[-1])
                lines.append(line)
        except queue.Empty:
            lines.append(f"not within {BLOCK_SECONDS} s")
        raise AssertionError("the shell did not come to the end of\n" + "\n".join([commands, *lines]))

    def close(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture(name="shell")
def own_shell(tmp_path):
    shell = Shell(f"fmt{os.getpid()}", tmp_path / "tut")
    yield shell
    shell.close()
    for log in sorted(shell.directory.glob("*.log")):
        print(log.name, log.read_text()[-1500:])
    leftover = pathlib.Path("/run/netns")
    for namespace in sorted(leftover.glob(f"{shell.name}-*")):
        for pid in run("ip", "netns", "pids", namespace.name).stdout.split():
            os.kill(int(pid), 9)
        run("ip", "netns", "del", namespace.name)
    run("rm", "-rf", f"/sys/fs/bpf/{shell.name}")


def test_every_block_prints_what_the_page_shows(shell):
    for commands, expected in blocks():
        output, status = shell.run(commands)
        assert status == 0, commands + "\n" + "\n".join(output)
        rest = iter(output)
        for line in expected:
            pattern = as_pattern(line)
            assert any(pattern.search(" ".join(shown.split())) for shown in rest), f"no line '{line}' in\n" + "\n".join(output)
    assert not list(pathlib.Path("/run/netns").glob(f"{shell.name}-*"))
