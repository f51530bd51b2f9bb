# SPDX-License-Identifier: Apache-2.0
"""A thousand moves of ten flows over three links at random: nothing is lost or doubled, and in the end everybody agrees where
each flow is."""
import json
import random
import time

import pytest

from conftest import eventually
from third_access import ThirdAccess

FLOWS, MOVES, FIRST_PORT = 10, 1000, 8000
MEMBER = {"mag1": "if1", "mag2": "if2", "mag3": "if3"}


def policies():
    rules = "\n".join(f"""[[policy.rule]]
name = "flow{number}"
match = {{ protocol = "udp", source_port = {FIRST_PORT + number} }}
prefer = ["mag1", "mag2", "mag3"]
""" for number in range(FLOWS))
    return f'[[policy]]\nname = "ten"\ndefault = true\n\n{rules}'


@pytest.fixture(scope="module")
def third(lab):
    access = ThirdAccess(lab)
    try:
        access.start()
        yield access
    finally:
        access.stop()


@pytest.fixture
def ten_flows(lab, third, tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text(policies(), encoding="utf-8")
    lab.ask("lma", "policy", "apply", file)
    yield
    lab.ask("lma", "policy", "reload")


def members(lab):
    """By port, where the mobile node's flows are."""
    return {row["source_port"]: row["member"] for row in lab.ask("mn", "show", "flows")["flows"] if row["protocol"] == "udp"}


def downlink_packets(lab):
    return {mag: sum(row["traffic"]["down"]["packets"] for row in lab.ask(mag, "show", "bindings")["bindings"]) for mag in MEMBER}


def assert_gateways_agree(lab, where, seed):
    """All flows are alike, so each gateway delivers as much as the flows that it has."""
    time.sleep(0.5)  # held packets and those under way
    before = downlink_packets(lab)
    time.sleep(2)
    grown = {mag: now - before[mag] for mag, now in downlink_packets(lab).items()}
    total = sum(grown.values())
    for mag in MEMBER:
        share = sum(at == mag for at in where.values()) / FLOWS
        assert abs(grown[mag] - share * total) <= 0.05 * total, (seed, where, grown)


def test_a_thousand_moves_lose_nothing(lab, ten_flows, stream):
    seed = random.SystemRandom().randrange(10**6)
    dice = random.Random(seed)
    streams = [stream(FIRST_PORT + number, rate=100) for number in range(FLOWS)]
    before = lab.ask("lma", "show", "handovers")
    where = {name: mag for name, mag in lab.bindings().items() if name.startswith("flow")}
    assert len(where) == FLOWS
    for _ in range(MOVES):
        flow = dice.choice(sorted(where))
        where[flow] = dice.choice([mag for mag in MEMBER if mag != where[flow]])
        assert lab.ask("lma", "flow", "move", flow, "--to", where[flow])["changed"], seed
    assert {name: mag for name, mag in lab.bindings().items() if name in where} == where, seed
    wanted = {FIRST_PORT + number: MEMBER[where[f"flow{number}"]] for number in range(FLOWS)}
    eventually(lambda: {port: member for port, member in members(lab).items() if port in wanted} == wanted,
               what=f"the node and the anchor to agree (seed {seed}): {json.dumps(where)}")
    assert_gateways_agree(lab, where, seed)
    for one in streams:
        one.assert_lossless()
    after = lab.ask("lma", "show", "handovers")
    assert len(after["handovers"]) + after["forgotten"] - len(before["handovers"]) - before["forgotten"] == MOVES, seed
    assert lab.drops("lma").keys() <= {"copy"} and not lab.drops("mag1") and not lab.drops("mag2")
    assert not any(lab.drops("mag3").values()), seed
