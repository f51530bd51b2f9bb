#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a running flowmob-lmad makes of Proxy Binding Updates: pbu-load is both of its MAGs, in a namespace of its own over a
veth. Anchor and generator have a core each. docs/benchmarks.md says how to read it."""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

from domains import BUILD, LMA, MAGS, ROOT, Domain

PROGRAMS = (ROOT / BUILD / "bin").resolve()
CONFIGURATION = """
[lma]
name = "lma"
address = "{lma}"
core_interfaces = ["core0"]
access_interfaces = ["acc0"]
pools = ["2001:db8:8000::/40"]
heartbeat_interval = "0s"
revocation = false
control = "{directory}/lma.sock"
state = "{directory}/lma.db"
bpf = "{bpf}"
"""


def configuration(directory, bpf, nodes):
    mags = "".join(f'[[mag]]\nname = "{name}"\naddress = "{address}"\nsecurity = "none"\n' for name, address in MAGS.items())
    profiles = ",".join(f'{{id="mn{node:07}@example.net"}}' for node in range(nodes))
    return f"mobile_node=[{profiles}]\n" + CONFIGURATION.format(lma=LMA, directory=directory, bpf=bpf) + mags


class Signalling(Domain):
    """An anchor, and a namespace that has the addresses of both MAGs."""
    nodes = ("lma", "mags")

    def wire(self):
        self.ip("lma", "link add core0 type veth peer name cn0", "link set core0 up", "link set cn0 up", f"addr add {LMA}/128 dev lo nodad")
        self.veth("lma", "acc0", "mags", "net0")
        self.ip("lma", "addr add fd00:1::1/64 dev acc0 nodad", *(f"route add {mag} via fd00:1::2" for mag in MAGS.values()))
        self.ip("mags", "addr add fd00:1::2/64 dev net0 nodad", *(f"addr add {mag}/128 dev lo nodad" for mag in MAGS.values()),
                f"route add {LMA} via fd00:1::1")

    def start(self, directory, nodes):
        file, log = directory / "lma.toml", directory / "lma.log"
        file.write_text(configuration(directory, self.bpf / "lma", nodes))
        with log.open("w") as output:
            self.daemon = subprocess.Popen(self.enter("lma") + ["taskset", "-c", "0", PROGRAMS / "flowmob-lmad", "-c", file],
                                           stderr=output)
        deadline = time.monotonic() + 120
        while "is ready" not in log.read_text():
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("flowmob-lmad does not start: " + log.read_text()[-2000:])
            time.sleep(0.05)

    def memory(self):
        """Of the daemon, resident, in octets."""
        status = pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text()
        return 1024 * int(status.split("VmRSS:")[1].split()[0])

    def stop(self):
        if hasattr(self, "daemon"):
            self.daemon.terminate()
            self.daemon.wait(60)


def measure(nodes, most, window):
    domain = Signalling(f"fm-{os.getpid()}-s")
    with tempfile.TemporaryDirectory(prefix="flowmob-bench-") as directory:
        try:
            domain.up()
            domain.start(pathlib.Path(directory), nodes)
            before = domain.memory()
            done = domain.inside("mags", "taskset", "-c", "1", PROGRAMS / "pbu-load", LMA, *MAGS.values(), nodes, most, window,
                                 domain.daemon.pid, timeout=600)
            return json.loads(done.stdout) | {"resident_per_binding": (domain.memory() - before) // nodes}
        finally:
            domain.stop()
            domain.down()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000], help="numbers of bindings")
    options.add_argument("--most", type=int, default=50_000, help="refreshes and handovers at most, whatever the size")
    options.add_argument("--window", type=int, default=256, help="requests on their way at a time")
    options.add_argument("--output", type=pathlib.Path)
    chosen = options.parse_args()
    rows = []
    for nodes in chosen.sizes:
        rows.append(measure(nodes, chosen.most, chosen.window))
        for kind in ("registration", "refresh", "handover"):
            figure = rows[-1][kind]
            print(f"{nodes:>9,} {kind:<13}{figure['per_second']:>9,.0f}/s {figure['anchor_us']:>7.1f} us of the anchor's core, "
                  f"{figure['generator_us']:.1f} of the generator's, {figure['refused']} refused, {figure['sent_anew']} sent anew")
    if chosen.output:
        chosen.output.write_text(json.dumps({"kernel": platform.release(), "cpus": os.cpu_count(), "window": chosen.window,
                                             "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")
