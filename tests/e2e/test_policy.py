# SPDX-License-Identifier: Apache-2.0
"""Rules for flows: explained, compared, applied on trial, and what they do when a link fails and returns."""
import pytest

from conftest import FLOWMOB, eventually, run

VIDEO_PORT = 5004


def policy(links, name="video", hold_down="1s", more=""):
    return f"""[[policy]]
name = "lab"
default = true

[[policy.rule]]
name = "{name}-rule"
match = {{ protocol = "udp", source_port = {VIDEO_PORT} }}
prefer = {links}
hold_down = "{hold_down}"
{more}
"""


@pytest.fixture
def policies(lab, tmp_path):
    """Writes a file of policies; the daemon's own hold again afterwards."""
    file = tmp_path / "policy.toml"

    def write(text):
        file.write_text(text, encoding="utf-8")
        return str(file)

    yield write
    lab.ask("lma", "policy", "reload")


def mag_of(lab, flow):
    return lab.bindings().get(flow)


def moves_of(lab, flow):
    return next(row["moves"] for row in lab.ask("lma", "show", "flows")["flows"] if row["flow"] == flow)


def explain(lab):
    home = lab.ask("lma", "show", "bindings")["bindings"][0]["address"].split("/")[0]
    return lab.ask("lma", "policy", "explain", f"udp,{lab.address('cn')},{VIDEO_PORT},{home}1,40000")


def test_a_file_is_checked_without_a_daemon(policies):
    file = policies(policy('["mag1"]', more="split = [3, 1001]"))
    checked = run(FLOWMOB, "policy", "check", file, check=False)
    assert checked.returncode == 1
    assert f"{file}:10:13: the integer 1001 is not allowed here; expected 0 to 1000" in checked.stdout
    assert "video-rule" in run(FLOWMOB, "policy", "check", policies(policy('["mag1"]'))).stdout


def test_what_rules_refer_to_has_to_be_there(lab, policies):
    refused = lab.ask("lma", "policy", "apply", policies(policy('["mga1"]')), check=False)
    assert refused["exit"] == 1 and refused["error"]["code"] == "bad-configuration"
    assert "policy.toml:8:11: unknown MAG or access technology 'mga1'; expected 'mag1'" in refused["error"]["message"]
    assert lab.ask("lma", "show", "policies")["rules"] == []


def test_a_trial_that_nobody_confirms_ends(lab, policies, stream):
    file = policies(policy('["mag2", "mag1"]'))
    video = stream(VIDEO_PORT)
    assert mag_of(lab, "video") == "mag1"
    compared = lab.ask("lma", "policy", "diff", file)
    assert [row["change"] for row in compared["rules"]] == ["added"]
    applied = lab.ask("lma", "policy", "apply", file, "--confirm", "2s")
    assert applied["moves"] == compared["moves"] and applied["confirm_within_seconds"] == 2
    assert mag_of(lab, "video-rule") == "mag2"
    explained = explain(lab)
    assert (explained["rule"], explained["mag"], explained["reason"]) == ("video-rule", "mag2", "preferred")
    eventually(lambda: explain(lab)["traffic"]["down"]["packets"] > 0, what="the packets in the flow of the rule")
    eventually(lambda: explain(lab)["flow"] == "video", what="the policies before")
    assert explain(lab)["mag"] == "mag1"
    assert lab.ask("lma", "policy", "confirm", check=False)["error"]["code"] == "no-trial"
    video.assert_lossless()


def test_what_is_confirmed_stays(lab, policies):
    file = policies(policy('["mag2", "mag1"]'))
    lab.ask("lma", "policy", "apply", file, "--confirm", "1h")
    lab.ask("lma", "policy", "confirm")
    assert lab.ask("lma", "policy", "diff", file) == {"rules": [], "moves": [], "spreads": [], "asks": []}
    removed = lab.ask("lma", "policy", "reload")
    assert [row["change"] for row in removed["rules"]] == ["removed"]
    assert mag_of(lab, "video-rule") is None


def test_a_command_goes_before_the_rule(lab, policies):
    lab.ask("lma", "policy", "apply", policies(policy('["mag2", "mag1"]')))
    lab.ask("lma", "flow", "move", "video-rule", "--to", "mag1")
    assert explain(lab)["reason"] == "moved"
    assert lab.ask("lma", "flow", "release", "video-rule")["to"] == "mag2"
    assert explain(lab)["reason"] == "preferred"


def test_a_flow_returns_after_the_hold_down(lab, policies):
    lab.ask("lma", "policy", "apply", policies(policy('["mag2", "mag1"]')))
    assert mag_of(lab, "video-rule") == "mag2"
    lab.link("mag2-mn", "down")
    try:
        eventually(lambda: mag_of(lab, "video-rule") == "mag1", what="the flow on its other link")
    finally:
        lab.link("mag2-mn", "up")
    eventually(lambda: [link for link in explain(lab)["links"] if link["mag"] == "mag2" and link["fitness"] == "held-down"],
               seconds=30, what="the link held down")
    assert mag_of(lab, "video-rule") == "mag1"
    eventually(lambda: mag_of(lab, "video-rule") == "mag2", what="the flow's return")
    assert moves_of(lab, "video-rule") == 2


def test_a_link_that_flaps_moves_a_flow_once(lab, policies):
    """As fast as links can be taken down and up here: never more often than the hold-down allows."""
    lab.ask("lma", "policy", "apply", policies(policy('["mag2", "mag1"]', hold_down="5s")))
    assert mag_of(lab, "video-rule") == "mag2"
    heard = lab.ask("lma", "show", "statistics")["messages"]["received"]
    for _ in range(20):
        lab.link("mag2-mn", "down")
        lab.link("mag2-mn", "up")
    assert lab.ask("lma", "show", "statistics")["messages"]["received"] > heard + 2, "else it proves little"
    assert moves_of(lab, "video-rule") == 1
    eventually(lambda: mag_of(lab, "video-rule") == "mag2", seconds=30, what="the flow's return")
    assert moves_of(lab, "video-rule") == 2
