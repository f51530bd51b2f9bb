# SPDX-License-Identifier: Apache-2.0
"""The README's table is what scripts/report-table makes of a demo's report."""
import json

from conftest import ROOT, run

SCRIPT = ROOT / "scripts" / "report-table"


def flow(name, direction, lost=0):
    return {"name": name, "direction": direction, "sent": 1000, "lost": lost, "duplicated": 0, "redundant": name == "steering",
            "longest_gap_ms": 18.7}


def step(name, concerned, lost_on_dead_link=0, others=(), **more):
    flows = [flow(n, d, lost_on_dead_link if n in concerned and d == "down" else 0)
             for n in ("video", "download", "ping", *others) for d in ("down", "up")]
    return {"name": name, "concerned": concerned, "longest_silence_ms": 12.4, "flows": flows, **more}


def report(tmp_path):
    everything = ["video", "download", "ping"]
    failure = {"detection_ms": 0.61, "mag_lma_round_trip_ms": 10.0, "remaining_ms": -3.2, "bound_ms": 60.6}
    steps = [step("attach", []), step("steady", everything), step("move-to-mag2", ["video"]), step("move-back", ["video"]),
             step("link-failure", ["download", "ping"], 6, ["steering"], failure=failure),
             step("link-restored", ["download", "ping"], 0, ["steering"]),
             step("lma-restart", everything), step("node-decides", ["video"], node_move={"downlink_ms": 231.4}), step("finish", [])]
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"predecessors_handover_ms": [700, 800], "steps": steps}), encoding="utf-8")
    return path


def printed(tmp_path, move=""):
    """What the demo wrote to its standard output."""
    path = tmp_path / "printed"
    path.write_text(f"== Attach\n== Move video to MAG2\nbefore:\nafter:\n{move}\n== Move back\n", encoding="utf-8")
    return path


def test_the_readme_has_the_scripts_table(tmp_path):
    run(SCRIPT, report(tmp_path), "--check", ROOT / "README.md")


def test_a_table_of_another_shape_is_refused(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text((ROOT / "README.md").read_text(encoding="utf-8").replace("and back", "and forth"), encoding="utf-8")
    done = run(SCRIPT, report(tmp_path), "--check", readme, check=False)
    assert done.returncode == 1 and "and forth" in done.stdout


def test_it_writes_the_reports_figures_and_nothing_else(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("before\n| what happens |\n|---|\n| old |\nafter\n", encoding="utf-8")
    run(SCRIPT, report(tmp_path), "--write", readme, printed(tmp_path))
    lines = readme.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "before" and lines[-1] == "after"
    assert "| 0 of 6,000 | 0 | 12 ms |" in lines[3]
    assert "| 12 of 4,000, on the dead link | 0 | 12 ms = 0.6 detection + 10.0 MAG-LMA round trip + -3.2; allowed 60.6 |" in lines[5]
    assert "| 0 of 2,000 | 0 | 19 ms |" in lines[6]
    assert "| 0 of 6,000 | 0 | 12 ms; downlink 231 ms after the command |" in lines[9]


def test_the_readmes_sample_gets_the_same_runs_words(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("  ok   12 packets sent, 3 lost\n  ok   other\n| what happens |\n|---|\n", encoding="utf-8")
    run(SCRIPT, report(tmp_path), "--write", readme, printed(tmp_path, "  ok   4711 packets sent, 0 lost\n"))
    assert readme.read_text(encoding="utf-8").splitlines()[:2] == ["  ok   4711 packets sent, 0 lost", "  ok   other"]
