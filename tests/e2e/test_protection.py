# SPDX-License-Identifier: Apache-2.0
"""Signalling that the kernel's IPsec protects (RFC 5213 section 4): a policy is demanded, and does what it says. The kernel need not have
ESP itself for that: what comes in clear is dropped all the same."""
import pathlib

import pytest

import mobility as m
from mobility import complete, exchange

MAC1 = "02:00:00:00:01:01"


@pytest.fixture(scope="module", name="file")
def anchors_file(lab):
    return pathlib.Path(lab.status["directory"]) / "lma.toml"


@pytest.fixture(scope="module", name="ends")
def addresses(lab, file):
    file.write_text(file.read_text().replace("[lma]\n", '[lma]\ntimestamp_validity_window = "30s"\n', 1))
    lab.ask("lma", "reload")
    return lab.address("mag1"), lab.address("lma")


def policies(lab, ends, action):
    template = ["tmpl", "proto", "esp", "mode", "transport"] if action == "add" else []
    for (source, destination), direction in ((ends, "in"), (ends[::-1], "out")):
        lab.inside("lma", "ip", "xfrm", "policy", action, "src", source, "dst", destination, "proto", "135",
                   "dir", direction, *template, check=action == "add")


def registration(lab, ends, handoff=5):
    mn_id = lab.ask("lma", "show", "sessions")["sessions"][0]["mn"]
    return m.proxy_binding_update(*ends, complete(mn_id, link_layer=m.link_layer_identifier(MAC1),
                                                  handoff=m.handoff_indicator(handoff)), sequence=4242)


def test_what_is_said_to_be_protected_has_to_be(lab, ends, file):
    in_clear = file.read_text()
    try:
        file.write_text(in_clear.replace('security = "none"', 'security = "ipsec"', 1))
        refused = lab.ask("lma", "reload", check=False)
        assert refused["error"]["code"] == "not-protected" and "mag1" in refused["error"]["message"]
        policies(lab, ends, "add")
        lab.ask("lma", "reload")
    finally:
        policies(lab, ends, "delete")
        file.write_text(in_clear)
        lab.ask("lma", "reload")


def test_an_update_in_clear_is_not_heard(lab, ends):
    def received():
        return lab.ask("lma", "show", "statistics")["messages"]["received"]
    assert [m.status_of(a) for a in exchange(lab, "mag1", *ends, registration(lab, ends))] == [0]
    policies(lab, ends, "add")
    try:
        before = received()
        assert exchange(lab, "mag1", *ends, registration(lab, ends)) == []
        assert received() == before
    finally:
        policies(lab, ends, "delete")
