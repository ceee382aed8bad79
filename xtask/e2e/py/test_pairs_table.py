"""The contract of all pairs: every client dialect to every vendor, whole and streamed.

What arrives at the vendor says what the client said and is a request that the vendor's own SDK could
have sent; what the client is told says what the vendor said and parses under its SDK's strict types.
What a pair cannot carry is listed in `harness.pairs.listed`.
"""

from __future__ import annotations

import pytest

from harness.pairs.cases import CASES
from harness.pairs.exchange import Exchange, places
from harness.pairs.faces import FACES
from harness.pairs.listed import LOSSES
from harness.pairs.script import Script
from harness.pairs.vendors import VENDORS
from harness.processes import Gateway


@pytest.fixture(scope="module")
def scripts():
    """A scripted server for each vendor."""
    found = {vendor.name: Script() for vendor in VENDORS}
    yield found
    for script in found.values():
        script.stop()


@pytest.fixture(scope="module")
def all_pairs(scripts, tmp_path_factory):
    """One gateway with every vendor behind it."""
    models: dict = {}
    providers: dict = {}
    env: dict[str, str] = {}
    for vendor in VENDORS:
        models |= vendor.entries(scripts[vendor.name].url, places())
        providers |= vendor.providers(scripts[vendor.name].url)
        env |= vendor.env
    config = {"models": models, "providers": providers}
    gateway = Gateway(tmp_path_factory.mktemp("pairs"), config, env)
    for face in FACES:
        face.attach(gateway)
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("mode", ["whole", "stream"])
@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("name", CASES)
def test_pair(all_pairs, scripts, record_property, name, vendor, face, mode):
    record_property("pair", (face.name, vendor.name, name, mode))
    problems = Exchange(face, vendor, name, CASES[name], mode == "stream", scripts).run()
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.why)
def test_every_listed_loss_speaks_of_some_case(loss):
    assert any(
        loss.holds(face.name, vendor, case)
        for face in FACES
        for vendor in VENDORS
        for case in CASES
    )


def test_every_pair_has_its_forty_cases():
    assert len(CASES) >= 40
