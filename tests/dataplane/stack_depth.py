#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""stack_depth.py OBJECT... | selftest: what each program and the functions that it calls need of the stack together, as the verifier counts. Kernels
before 6.13 allow 512 octets; later ones give each function more, so that a test on one of those alone does not see what others refuse."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

LIMIT, ROUNDED_TO = 512, 32  # MAX_BPF_STACK, and what check_max_stack_depth() rounds each frame up to
FUNCTION = re.compile(r"^[0-9a-f]+ <(?P<name>\w+)>:$")
SLOT = re.compile(r"r10 - (?P<depth>0x[0-9a-f]+|\d+)\)")
COPY = re.compile(r"\s(?P<register>r\d) = r10$")
MINUS = re.compile(r"\s(?P<register>r\d) \+= -(?P<depth>0x[0-9a-f]+|\d+)$")
INSTRUCTION = re.compile(r"^\s+(?P<number>\d+):\s")
CALL = re.compile(r"^\s+(?P<number>\d+):\s+85 10 .*\bcall (?P<offset>-?(0x[0-9a-f]+|\d+))$")  # of a function; helpers have 00 there
RELOCATION = re.compile(r"R_BPF_64_32\s+(?P<name>\S+)$")


def disassembled(path):
    """(section, [(function, its lines)])"""
    text = subprocess.run(["llvm-objdump-14", "-d", "-r", path], check=True, capture_output=True, text=True).stdout
    section, functions = None, []
    for line in text.splitlines():
        if line.startswith("Disassembly of section "):
            section = line.split()[-1].rstrip(":")
        elif (found := FUNCTION.match(line)) and not found["name"].startswith("LBB"):
            functions.append((section, found["name"], []))
        elif functions:
            functions[-1][2].append(line)
    return functions


def frame(lines):
    """The lowest place below the frame pointer that is named."""
    depths = [int(found["depth"], 0) for line in lines for found in SLOT.finditer(line)]
    copies = set()
    for line in lines:
        if found := COPY.search(line):
            copies.add(found["register"])
        elif (found := MINUS.search(line)) and found["register"] in copies:
            depths.append(int(found["depth"], 0))
            copies.discard(found["register"])
    return max(depths, default=0)


def calls(lines, functions_of_text):
    """By a relocation, to a name or to a place in .text that the instruction has; from .text itself by the distance."""
    called = set()
    for line, behind in zip(lines, lines[1:] + [""]):
        if not (call := CALL.search(line)):
            continue
        offset = int(call["offset"], 0)
        relocated = RELOCATION.search(behind)
        if relocated and relocated["name"] != ".text":
            called.add(relocated["name"])
        else:
            called.add(functions_of_text[offset + 1 + (0 if relocated else int(call["number"]))])
    return called


def depths(path):
    """By program, the deepest way through what it calls: (octets, names)."""
    functions = disassembled(path)
    functions_of_text = {int(INSTRUCTION.match(lines[0])["number"]): name for section, name, lines in functions if section == ".text"}
    frames = {name: max(-(-frame(lines) // ROUNDED_TO), 1) * ROUNDED_TO for _, name, lines in functions}
    graph = {name: calls(lines, functions_of_text) for _, name, lines in functions}

    def deepest(name):
        below = max((deepest(one) for one in graph[name]), default=(0, []))
        return frames[name] + below[0], [name] + below[1]

    return {name: deepest(name) for section, name, _ in functions if section != ".text"}


PROGRAM = """
static void (*use)(void* place, int size, int zero) = (void*)4;
static __attribute__((noinline)) int second(int size) { char place[BELOW]; use(place, size, 0); return place[0]; }
static __attribute__((noinline)) int first(int size) { char place[96]; use(place, size, 0); return second(size) + place[1]; }
__attribute__((section("tc"))) int program(void* context) { char place[200]; use(place, 200, 0); return first(place[9]) + place[3]; }
"""


def selftest():
    """Three frames: of 224, 96 and 192 octets there are no more than 512, with one octet more in the last there are."""
    for below, octets in ((192, 512), (193, 544)):
        with tempfile.TemporaryDirectory() as directory:
            path = str(pathlib.Path(directory) / "o")
            subprocess.run(["clang-14", "-O2", "-target", "bpf", f"-DBELOW={below}", "-x", "c", "-", "-c", "-o", path], input=PROGRAM, check=True,
                           text=True)
            assert depths(path) == {"program": (octets, ["program", "first", "second"])}, depths(path)
    return 0


def main():
    if sys.argv[1:] == ["selftest"]:
        return selftest()
    status = 0
    for path in sys.argv[1:]:
        found = depths(path)
        if not found:
            sys.exit(f"{path}: no programs")
        for program, (octets, names) in found.items():
            print(json.dumps({"object": path.rsplit("/", 1)[-1], "program": program, "octets": octets, "through": names}))
            if octets > LIMIT:
                print(f"{path}: {program}: {octets} octets of the stack, of {LIMIT}, through {', '.join(names)}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
