#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""life_pages.py check|selftest: what docs/life-of-a-pbu.md and life-of-a-packet.md call by name is in the sources, and
the files that they lead to are there."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / name for name in ("life-of-a-pbu.md", "life-of-a-packet.md")]
QUOTED = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")
OF_THE_KERNEL = {"BPF_PROG_TEST_RUN"}
LINK = re.compile(r"\]\(([^)#:]+)\)")


def words_of_sources():
    paths = [path for folder in ("src", "lab", "tests") for suffix in ("c", "cc", "h") for path in (ROOT / folder).rglob(f"*.{suffix}")]
    return {word for path in paths for word in WORD.findall(path.read_text(encoding="utf-8"))} | OF_THE_KERNEL


def mistakes(page, known, folder):
    code = re.sub(r"```.*?```", "", page, flags=re.S)
    for quoted in QUOTED.findall(code):
        yield from (f"no source has '{word}' of `{quoted}`" for word in WORD.findall(quoted) if word not in known)
    yield from (f"nothing is at {link}" for link in LINK.findall(code) if not (folder / link).exists())


def check():
    known = words_of_sources()
    found = [f"{path.relative_to(ROOT)}: {mistake}" for path in PAGES
             for mistake in mistakes(path.read_text(encoding="utf-8"), known, path.parent)]
    print("\n".join(found) or "the life-of pages call everything by its name")
    return 1 if found else 0


def selftest():
    page = "`begin(now)` and `no_such_name` in [here](there.md), [docs](README.md)\n```\nnot_checked\n```\n"
    found = list(mistakes(page, {"begin", "now"}, ROOT))
    wanted = ["no source has 'no_such_name' of `no_such_name`", "nothing is at there.md"]
    print(found)
    return 0 if found == wanted else 1


if __name__ == "__main__":
    sys.exit({"check": check, "selftest": selftest}[sys.argv[1]]())
