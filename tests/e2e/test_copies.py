# SPDX-License-Identifier: Apache-2.0
"""Flows that take several links at a time: copies that survive a hard failure, and connections that are shared out."""
import pathlib

import pytest

from conftest import eventually

VIDEO_PORT, PLAIN_PORT = 5004, 6004
RULE = f"""
[[rule]]
name = "video"
match = {{ protocol = "udp", source_port = {VIDEO_PORT} }}
redundant = true
"""


def policy(more, match=f"{{ protocol = \"udp\", source_port = {VIDEO_PORT} }}"):
    return f"""[[policy]]
name = "lab"
default = true

[[policy.rule]]
name = "spread"
match = {match}
prefer = ["mag1", "mag2"]
hold_down = "1s"
{more}
"""


@pytest.fixture
def policies(lab, tmp_path):
    file = tmp_path / "policy.toml"

    def apply(text):
        file.write_text(text, encoding="utf-8")
        return lab.ask("lma", "policy", "apply", file)

    yield apply
    lab.ask("lma", "policy", "reload")


@pytest.fixture
def mn_rule(lab):
    """The mobile node's file says that the flow is copied."""
    file = pathlib.Path(lab.status["directory"]) / "mn.toml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + RULE, encoding="utf-8")
    lab.ask("mn", "reload")
    yield
    file.write_text(before, encoding="utf-8")
    lab.ask("mn", "reload")


def spread(lab):
    return next(row["spread"] for row in lab.ask("lma", "show", "flows")["flows"] if row["flow"] == "spread")


def test_a_hard_failure_loses_nothing_of_a_flow_that_is_copied(lab, policies, mn_rule, stream):
    policies(policy("redundant = true"))
    assert {link["mag"] for link in spread(lab)["links"]} == {"mag1", "mag2"}
    copied, plain = stream(VIDEO_PORT, rate=1000), stream(PLAIN_PORT, rate=1000)
    for link in ("mag1-mn", "mag2-mn"):
        copied.run_for(1)
        lab.link(link, "down")
        copied.run_for(2)
        lab.link(link, "up")
        eventually(lambda: len(spread(lab)["links"]) == 2, what="both links again")
        copied.run_for(2)
    report = copied.assert_lossless()
    assert report["outgoing"]["sent"] > 5000
    without = plain.end()
    assert without["outgoing"]["lost"] + without["incoming"]["lost"] > 0, "else the failures were none"
    assert lab.drops("lma").get("copy", 0) > 1000 and lab.drops("mn").get("copy", 0) > 1000


def test_without_the_nodes_rule_each_packet_comes_twice(lab, policies, stream):
    policies(policy("redundant = true"))
    copied = stream(VIDEO_PORT)
    copied.run_for(1)
    report = copied.end()
    assert report["incoming"]["duplicated"] > 50 and report["outgoing"]["duplicated"] == 0


def test_connections_are_shared_out(lab, policies, stream):
    policies(policy("split = [1, 1]", match='{ protocol = "udp", source_port = "7000-7020" }'))
    assert {link["weight"] for link in spread(lab)["links"]} == {1}
    streams = [stream(port, rate=50) for port in range(7000, 7008)]

    def members():
        flows = lab.ask("mn", "show", "flows")["flows"]
        return {row["source_port"]: row["member"] for row in flows if 7000 <= (row["source_port"] or 0) <= 7020}

    before = members()
    assert len(set(before.values())) == 2, before
    for row in lab.ask("mn", "show", "flows")["flows"]:
        if not 7000 <= (row["source_port"] or 0) <= 7020:
            continue
        said = lab.ask("lma", "policy", "explain", f"udp,{row['source']},{row['source_port']},{row['destination']},{row['destination_port']}")
        assert said["reason"] == "shared" and said["mag"] == {"if1": "mag1", "if2": "mag2"}[row["member"]], (row, said)
    policies(policy("split = [1, 0]", match='{ protocol = "udp", source_port = "7000-7020" }'))
    streams[0].run_for(1)
    assert members() == before, "those that live stay"
    for one in streams:
        one.assert_lossless()
