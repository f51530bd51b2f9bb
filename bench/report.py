#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""report.py DIRECTORY: puts the `figures` of all documents in DIRECTORY into DIRECTORY/report.json, with what the machine is.
docs/performance.md says what is in it. report.py --machine prints the latter alone."""
import json
import os
import pathlib
import platform
import sys

import figures


def read(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def cpu_model():
    lines = (line.partition(":") for line in (read("/proc/cpuinfo") or "").splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == "model name"), platform.machine())


def mitigations():
    """What the processor is vulnerable to, and what is done about it."""
    found = {path.name: read(path) for path in sorted(pathlib.Path("/sys/devices/system/cpu/vulnerabilities").glob("*"))}
    return {name: state for name, state in found.items() if state and state != "Not affected"}


def machine():
    memory = next((line.split()[1] for line in (read("/proc/meminfo") or "").splitlines() if line.startswith("MemTotal:")), "0")
    return {"kernel": platform.release(), "cpu": cpu_model(), "cores": os.cpu_count(), "memory_mib": int(memory) // 1024,
            "virtual": " hypervisor" in (read("/proc/cpuinfo") or ""), "load_before": os.getloadavg()[0],
            "governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            "clock": read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            "bpf_jit": read("/proc/sys/net/core/bpf_jit_enable") == "1", "mitigations": mitigations()}


def contributions(directory):
    for path in sorted(directory.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8") or "null")
        if path.name != "report.json" and isinstance(document, dict):
            yield from document.get("figures", [])


def main():
    if sys.argv[1] == "--machine":
        return print(json.dumps(machine(), indent=1))
    directory = pathlib.Path(sys.argv[1])
    before = directory / "machine"
    found = json.loads(before.read_text(encoding="utf-8")) if before.exists() else machine()
    rows = figures.report(contributions(directory))
    (directory / "report.json").write_text(json.dumps({"machine": found, "figures": rows}, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        value = "not measured: " + row["reason"] if row["value"] is None else f"{row['value']:.4g} {row['unit']} ({row['min']:.4g} to {row['max']:.4g})"
        verdict = {True: "reached", False: "MISSED", None: ""}[row.get("reached")]
        bound = " ".join(f"{key.replace('_', ' ')} {to}" for key, to in row.get("held_to", {}).items())
        print(f"{row['id']:<22} {value:<38} {bound:<16} {verdict}")
    return None


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
