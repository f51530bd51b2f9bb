#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the layers to their one-way street.

symbols ARCHIVE...  no undefined symbol of a pure archive names a clock, socket, thread, file, environment or randomness
includes ROOT       no layer includes what stands to its right
selftest            both checks see a violation when there is one
"""
import pathlib
import re
import subprocess
import sys
import tempfile

FORBIDDEN = re.compile(
    r"^(clock_gettime|gettimeofday|time|times|nanosleep|usleep|sleep|timer_\w+|timerfd_\w+"
    r"|socket|bind|connect|listen|accept4?|send|sendto|sendmsg|recv|recvfrom|recvmsg|epoll_\w+|poll|select|ioctl"
    r"|pthread_create|pthread_join|pthread_mutex_(?!_)\w+|fork|vfork|execve\w*|system|popen"
    r"|open|open64|openat|creat|fopen|fopen64|read|write|fread|fwrite|unlink|rename|mkdir"
    r"|getenv|secure_getenv|setenv|rand|random|srand|srandom|rand_r|drand48|getrandom|getentropy|arc4random\w*"
    r"|_ZNSt6chrono.*clock3nowEv|_ZNSt6thread.*|_ZNSt13random_device.*|_ZNSt14?basic_[io]?f(stream|ilebuf).*"
    r"|_ZNSt13basic_filebuf.*|_ZNSt14basic_ifstream.*|_ZNSt14basic_ofstream.*)$"
)

# layer -> the layers it may include; src/dataplane/abi is a layer of its own
LAYERS = {
    "base": {"base"},
    "capture": {"base", "capture"},
    "wire": {"base", "wire"},
    "core": {"base", "wire", "core"},
    "dataplane": {"dataplane"},
    "platform": {"base", "wire", "core", "platform", "dataplane"},
    "daemon": {"base", "wire", "core", "platform", "dataplane", "capture", "daemon"},
    # `flowmob check --interfaces` and `doctor` ask the kernel and the name service what the daemon would ask, by the same code.
    "cli": {"base", "capture", "wire", "platform/control", "platform/user.h", "platform/xdp_features.h", "daemon/config", "daemon/mn/member_link.h", "cli", "lab"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def forbidden_symbols(nm_output):
    symbols = {line.split()[-1].split("@")[0] for line in nm_output.splitlines() if " U " in line}
    return sorted(s for s in symbols if FORBIDDEN.match(s))


def check_symbols(archives):
    bad = []
    for archive in archives:
        output = subprocess.run(["nm", "-u", "-A", archive], capture_output=True, text=True, check=True).stdout
        bad += [f"{pathlib.Path(archive).name}: {symbol}" for symbol in forbidden_symbols(output)]
    return bad


def allowed(layer, target):
    return any(target == a or target.startswith(a + "/") or (("/" in a) and target.startswith(a)) for a in LAYERS[layer])


def check_includes(root):
    bad = []
    source = pathlib.Path(root) / "src"
    for path in sorted(source.rglob("*")):
        if path.suffix not in {".h", ".cc", ".c"} or path.stem.endswith("_test"):
            continue
        layer = path.relative_to(source).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and "/" in match[1] and match[1].split("/")[0] in set(LAYERS) | {"lab"} and not allowed(layer, match[1]):
                bad.append(f"{path.relative_to(root)}:{number}: {layer} may not include {match[1]}")
    return bad


def selftest():
    bad = forbidden_symbols("x.a:x.o:                 U clock_gettime@GLIBC_2.17\nx.a:x.o:                 U memcpy\n")
    if bad != ["clock_gettime"]:
        return [f"symbols: saw {bad}, expected clock_gettime"]
    with tempfile.TemporaryDirectory() as root:
        wire = pathlib.Path(root) / "src" / "wire"
        wire.mkdir(parents=True)
        (wire / "a.h").write_text('#include "base/bytes.h"\n#include "platform/clock.h"\n')
        bad = check_includes(root)
        if bad != ["src/wire/a.h:2: wire may not include platform/clock.h"]:
            return [f"includes: saw {bad}"]
    return []


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "symbols" and not arguments:
        sys.exit("no archive to look at")
    bad = {"symbols": lambda: check_symbols(arguments), "includes": lambda: check_includes(arguments[0]),
           "selftest": selftest}[what]()
    print("\n".join(bad) if bad else f"{what}: clean")
    sys.exit(1 if bad else 0)


main()
