# SPDX-License-Identifier: Apache-2.0
"""scripts/conformance on a ledger made up for it: what is right passes, and each way to be wrong is seen."""
import pathlib
import re
import subprocess
import tomllib
import xml.etree.ElementTree as ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "conformance"

COUNTS = """
[9001]
must = 3
should = 1
[9001.sections]
"4.1" = 3
"5" = 1
"""
LEDGER = """
rfc = 9001
title = "Made up"
finished = true

[[requirement]]
id = "9001-4.1-1"
level = "MUST"
says = "a is refused | with 1"
tested = ["Checks.Refused", "tests/e2e/test_a.py::test_b"]

[[requirement]]
id = "9001-4.1-2"
level = "MUST"
says = "b"
tested = ["Properties.Hold"]

[[requirement]]
id = "9001-4.1-3"
level = "MUST"
says = ""
not-ours = "the operator's duty, as 9001-4.1-1 is"

[[requirement]]
id = "9001-5-1"
level = "SHOULD"
says = "c"
open = "nobody asked for it"
"""
GOOGLE = """<testsuites><testsuite>
<testcase name="Refused/0" classname="All/Checks" status="run" result="completed"/>
<testcase name="Refused/1" classname="All/Checks" status="run" result="completed"/>
<testcase name="Hold" classname="Properties/3" status="run" result="completed"/>
<testcase name="Broken" classname="Checks" status="run" result="completed"/>
<testcase name="Broken" classname="Checks" status="run" result="completed"><failure message="no"/></testcase>
<testcase name="Skipped" classname="Checks" status="run" result="skipped"><skipped/></testcase>
<testcase name="Disabled" classname="Checks" status="notrun" result="suppressed"/>
</testsuite></testsuites>"""
PYTEST = """<testsuites><testsuite>
<testcase name="test_b[one]" classname="tests.e2e.test_a" time="1"/>
<testcase name="test_c" classname="tests.e2e.test_a" time="1"><error message="no"/></testcase>
<testcase name="test_d" classname="tests.e2e.test_a.TestOf" time="1"/>
</testsuite></testsuites>"""
SOURCES = "TEST_P(Checks, Refused) {}\nRC_GTEST_PROP(Properties, Hold,\n (int)) {}\nTEST_F(Checks,\n       Unseen) {}\n"


@pytest.fixture
def root(tmp_path):
    for name, text in {"conformance/counts.toml": COUNTS, "conformance/9001.toml": LEDGER, "src/a_test.cc": SOURCES,
                       "tests/e2e/test_a.py": "def test_b(x):\n    pass\n", "docs/empty": "",
                       "reports/gtest-unit/a_test.xml": GOOGLE, "reports/pytest-e2e.xml": PYTEST,
                       "reports/ctest-unit.xml": '<testsuite><testcase name="Ctest" classname="Checks" status="run"/></testsuite>'}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def conformance(root, *arguments):
    return subprocess.run([SCRIPT, "--root", root, *arguments], capture_output=True, text=True, check=False)


def with_reports(root, *arguments):
    return conformance(root, "--reports", root / "reports", *arguments)


def change(root, old, new, name="9001.toml"):
    path = root / "conformance" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def test_what_is_right_passes_with_totals(root):
    done = with_reports(root)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"RFC 9001 MUST +3: +2 tested, +1 not ours, +0 open\n", done.stdout)
    assert re.search(r"RFC 9001 SHOULD +1: +0 tested, +0 not ours, +1 open\n", done.stdout)


def test_the_page_has_totals_and_rows(root):
    with_reports(root)
    page = (root / "docs/rfc-coverage.md").read_text()
    assert "| 9001 | Made up | MUST | 3 | 2 | 1 | 0 |" in page
    assert "| | | SHOULD | 1 | 0 | 0 | 1 |" in page
    assert "| 9001-4.1-1 | MUST | a is refused \\| with 1 | `Checks.Refused`, `tests/e2e/test_a.py::test_b` |" in page
    assert "| 9001-5-1 | SHOULD | c | open: nobody asked for it |" in page


TESTED = 'tested = ["Properties.Hold"]'
WRONG = {
    "missing": ('id = "9001-4.1-2"', 'id = "9001-4.1-4"', ["9001-4.1-2: missing", "9001-4.1-4: unknown"]),
    "duplicate": ('id = "9001-4.1-2"', 'id = "9001-4.1-1"', ["9001-4.1-1: 2 times", "9001-4.1-2: missing"]),
    "no id": ('id = "9001-4.1-2"\n', "", ["9001-4.1-2: missing"]),
    "another RFC's id": ('id = "9001-5-1"', 'id = "9002-5-1"', ["9002-5-1: unknown"]),
    "no verdict": (TESTED, "", ["9001-4.1-2: has 0 of tested"]),
    "two verdicts": (TESTED, TESTED + '\nopen = "x"', ["9001-4.1-2: has 2 of tested"]),
    "a key of another spelling": (TESTED, TESTED + '\nnot_ours = "x"', ["9001-4.1-2: unknown key not_ours"]),
    "another level": ('level = "MUST"', 'level = "SHOULD"', ["2 rows of level MUST, there are 3"]),
    "no such level": ('level = "MUST"', 'level = "MAY"', ["level is neither"]),
    "says nothing": ('says = "b"', 'says = " "', ["9001-4.1-2: tested, and does not say what"]),
    "no tests": (TESTED, "tested = []", ["9001-4.1-2: tested is no list"]),
    "a test that is no list": (TESTED, 'tested = "Properties.Hold"', ["9001-4.1-2: tested is no list"]),
    "named twice": (TESTED, 'tested = ["Properties.Hold", "Properties.Hold"]', ["Properties.Hold is named twice"]),
    "not ours, no reason": ('"the operator\'s duty, as 9001-4.1-1 is"', '""', ["9001-4.1-3: not-ours without a reason"]),
    "open, no reason": ('"nobody asked for it"', '""', ["9001-5-1: open without a reason"]),
    "repeats what is not": ("as 9001-4.1-1 is", "as 9001-4.1-9 is", ["9001-4.1-3: names 9001-4.1-9"]),
    "open MUST": (TESTED, 'open = "hard"', ["9001-4.1-2: open: hard"]),
    "undecided": ('"nobody asked for it"', '"undecided"', ["9001-5-1: undecided"]),
    "rfc": ("rfc = 9001", "rfc = 9002", ["rfc or title"]),
    "no such test": (TESTED, 'tested = ["Properties.Fold"]', ["9001-4.1-2: Properties.Fold did not run"]),
    "failed once of twice": (TESTED, 'tested = ["Checks.Broken"]', ["9001-4.1-2: Checks.Broken failed"]),
    "skipped": (TESTED, 'tested = ["Checks.Skipped"]', ["9001-4.1-2: Checks.Skipped did not run"]),
    "disabled": (TESTED, 'tested = ["Checks.Disabled"]', ["9001-4.1-2: Checks.Disabled did not run"]),
    "a program, not a case": (TESTED, 'tested = ["Checks.Ctest"]', ["9001-4.1-2: Checks.Ctest did not run"]),
    "a pytest that failed": (TESTED, 'tested = ["tests/e2e/test_a.py::test_c"]', ["test_c failed"]),
    "another file": (TESTED, 'tested = ["tests/e2e/test_z.py::test_b"]', ["test_z.py::test_b did not run"]),
    "in the sources only": (TESTED, 'tested = ["Checks.Unseen"]', ["Checks.Unseen did not run"]),
}


@pytest.mark.parametrize("old, new, seen", WRONG.values(), ids=WRONG.keys())
def test_each_way_to_be_wrong_is_seen(root, old, new, seen):
    change(root, old, new)
    done = with_reports(root)
    assert done.returncode == 1
    for problem in seen:
        assert f"{problem}" in done.stdout, done.stdout
    assert not (root / "docs/rfc-coverage.md").exists()


def test_rows_out_of_order(root):
    change(root, "9001-4.1-1", "9001-4.1-0")
    change(root, "9001-4.1-2", "9001-4.1-1")
    change(root, "9001-4.1-0", "9001-4.1-2")
    assert "not in the order" in with_reports(root).stdout


def test_a_method_of_a_class_has_its_class_in_its_name(root):
    change(root, TESTED, 'tested = ["tests/e2e/test_a.py::TestOf::test_d"]')
    assert with_reports(root).returncode == 0


def test_a_must_may_stay_open_where_the_counts_say_why(root):
    change(root, TESTED, 'open = "hard"')
    change(root, "must = 3", 'must = 3\nopen_allowed = "it is later work"', "counts.toml")
    assert with_reports(root).returncode == 0
    assert "it is later work" in (root / "docs/rfc-coverage.md").read_text()


def test_what_is_unfinished_may_be_undecided_and_is_not_on_the_page(root):
    change(root, "finished = true", "finished = false")
    change(root, TESTED, 'open = "undecided"')
    assert "1 undecided" in with_reports(root).stdout
    page = (root / "docs/rfc-coverage.md").read_text()
    assert "in work" in page and "9001-4.1-1" not in page


def test_ledgers_without_counts_and_counts_without_ledger(root):
    (root / "conformance/9001.toml").rename(root / "conformance/9002.toml")
    done = with_reports(root)
    assert "no conformance/9001.toml" in done.stdout and "conformance/9002.toml: not in counts.toml" in done.stdout


def test_without_reports_and_in_part_the_sources_know_the_tests(root):
    change(root, TESTED, 'tested = ["Checks.Unseen"]')
    assert conformance(root).returncode == 0
    assert with_reports(root, "--partial").returncode == 0
    change(root, "Checks.Unseen", "Checks.Absent")
    assert conformance(root).returncode == with_reports(root, "--partial").returncode == 1


def test_in_part_what_failed_still_fails(root):
    (root / "src/a_test.cc").write_text(SOURCES + "TEST(Checks, Broken) {}\n")
    change(root, TESTED, 'tested = ["Checks.Broken"]')
    assert "Checks.Broken failed" in with_reports(root, "--partial").stdout


def test_check_sees_a_page_that_is_out_of_date_and_writes_none(root):
    assert "out of date" in with_reports(root, "--check").stdout
    with_reports(root)
    assert with_reports(root, "--check").returncode == 0
    change(root, 'says = "b"', 'says = "d"')
    before = (root / "docs/rfc-coverage.md").read_text()
    done = with_reports(root, "--check")
    assert done.returncode == 1 and "docs/rfc-coverage.md is out of date" in done.stdout
    assert (root / "docs/rfc-coverage.md").read_text() == before


def test_the_report_has_a_case_for_each_rfc_and_the_page(root):
    with_reports(root, "--junit", root / "right.xml")
    change(root, TESTED, 'open = "hard"')
    with_reports(root, "--junit", root / "wrong.xml")
    right, wrong = (list(ElementTree.parse(root / name).getroot().iter("testcase")) for name in ("right.xml", "wrong.xml"))
    assert [case.get("name") for case in right] == ["9001", "page"] and all(case.find("failure") is None for case in right)
    assert "9001-4.1-2: open: hard" in wrong[0].find("failure").get("message")


def test_what_is_broken_on_purpose_still_stands_in_the_sources():
    """scripts/break-requirements takes hours; a row that finds nothing to break would be seen there first."""
    rows = tomllib.loads((ROOT / "conformance/broken.toml").read_text(encoding="utf-8"))["broken"]
    assert rows
    for row in rows:
        assert (ROOT / row["file"]).read_text(encoding="utf-8").count(row["old"]) == 1, (row["requirement"], row["file"])
