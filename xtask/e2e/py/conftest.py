"""Fixtures: upstreams that are reset for every test, gateways that end with theirs."""

from __future__ import annotations

import json

import pytest

from harness.config import pair_config
from harness.pairs import table
from harness.processes import Gateway, Upstream


def pytest_terminal_summary(terminalreporter):
    """Shows the one table of all pairs, where they were asked."""
    stats = terminalreporter.stats
    reports = [report for kind in ("passed", "failed") for report in stats.get(kind, ())]
    for line in table.lines(table.results(reports)):
        terminalreporter.write_line(line)


class Upstreams:
    """The upstreams of a session, started when first asked for and reset for every test."""

    def __init__(self) -> None:
        self._started: dict[tuple[str, str], Upstream] = {}

    def __call__(self, dialect: str, name: str) -> Upstream:
        key = (dialect, name)
        if key not in self._started:
            self._started[key] = Upstream(dialect, name)
        return self._started[key]

    def all(self) -> list[Upstream]:
        return list(self._started.values())


@pytest.fixture(scope="session")
def all_upstreams():
    upstreams = Upstreams()
    yield upstreams
    for upstream in upstreams.all():
        upstream.stop()


@pytest.fixture
def upstream(all_upstreams):
    """Makes upstreams: `upstream("openai", "a")`. One process for each; all start clean."""
    for started in all_upstreams.all():
        started.reset()
    return all_upstreams


@pytest.fixture
def start(tmp_path):
    """Starts a gateway of the test's own, which ends with the test."""
    started = []

    def start(config: dict, env: dict[str, str] | None = None) -> Gateway:
        started.append(Gateway(tmp_path, config, env))
        return started[-1]

    yield start
    for gateway in started:
        gateway.stop()


@pytest.fixture(scope="session")
def shared_gateways(tmp_path_factory):
    """Gateways by configuration, for tests that leave no trace in one (no failures, no limits)."""
    started: dict[str, Gateway] = {}

    def shared(config: dict) -> Gateway:
        key = json.dumps(config, sort_keys=True)
        if key not in started:
            started[key] = Gateway(tmp_path_factory.mktemp("gateway"), config)
        return started[key]

    yield shared
    for gateway in started.values():
        gateway.stop()


@pytest.fixture
def vendors(upstream):
    """One vendor of each dialect, by name."""
    return {name: upstream(name, name) for name in ("openai", "anthropic")}


@pytest.fixture(params=["openai", "anthropic"])
def client(request):
    """The dialect of a client."""
    return request.param


@pytest.fixture(params=["openai", "anthropic"])
def dialect(request):
    """The dialect of a vendor."""
    return request.param


@pytest.fixture
def pair(upstream, dialect):
    """Two deployments of one vendor."""
    return upstream(dialect, f"{dialect}-a"), upstream(dialect, f"{dialect}-b")


@pytest.fixture
def gateway(vendors, shared_gateways):
    """A gateway with one deployment at each of `vendors`, shared by the tests that only look."""
    return shared_gateways(pair_config(vendors))
