"""Deployment events become changes; a line that is none is told by its number."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.changes import ChangesConfig, read_deployments
from sensorium.model.change import Change, ChangeKind, ChangeScope

EVENT = {
    "id": "deploy-7",
    "service": "shop",
    "host": "app1",
    "port": 8000,
    "version": "2.3.0",
    "previous": "2.2.4",
    "started": "2026-01-06T00:00:00+01:00",
    "finished": "2026-01-05T23:00:34.5Z",
    "by": "release-bot",
    "status": "succeeded",
}
START = 1767654000 * 10**9


def line(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode() + b"\n"


def only(**changes: Any) -> Change:
    (change,), problems = read_deployments(line(**changes))
    assert problems == []
    return change


def test_an_event_is_a_change_of_its_service_on_its_host() -> None:
    assert only() == Change(
        start_ns=START,
        end_ns=START + 34_500_000_000,
        kind=ChangeKind.DEPLOYMENT,
        source="deployments",
        scope=ChangeScope(hosts=("app1",), ports=("8000/tcp",), service="shop"),
        title="Deployment of shop 2.3.0 (was 2.2.4) on app1 by release-bot, succeeded",
        ref="deploy-7",
    )


def test_what_may_be_missing_may_be_missing() -> None:
    change = only(finished=None, port=None, version=None, previous="", by=None, status=None)
    assert change.title == "Deployment of shop on app1"
    assert change.scope.ports == ()
    assert change.end_ns == START + 15 * 60 * 10**9
    (other,), _ = read_deployments(line(finished=""), ChangesConfig(unfinished_minutes=1))
    assert other.end_ns == START + 60 * 10**9


@pytest.mark.parametrize(
    ("port", "ports"),
    [(53, ("53/tcp",)), ("53/UDP", ("53/udp",)), ("http", ()), (0, ()), (True, ()), ("²", ())],
)
def test_ports_come_as_numbers_or_text(port: object, ports: tuple[str, ...]) -> None:
    assert only(port=port).scope.ports == ports


def test_several_hosts_may_be_named() -> None:
    assert only(host=["app1", "app2", 3]).scope.hosts == ("app1", "app2")


def test_a_later_event_of_one_deployment_replaces_the_earlier() -> None:
    began = line(finished=None, status="running")
    changes, _ = read_deployments(began + line(id="other") + line())
    assert [change.ref for change in changes] == ["deploy-7", "other"]
    assert changes[0].title.endswith("succeeded")


@pytest.mark.parametrize(
    "bad",
    [
        b"not json",
        b"[1]",
        b"\xff",
        line(id=None),
        line(id=""),
        line(service=None, host=None),
        line(started=None),
        line(started="yesterday"),
        line(started="2026-01-06T00:00:00"),
        line(started=5),
        line(started="9999-01-06T00:00:00Z"),
        line(finished="2020-01-06T00:00:00Z"),
    ],
)
def test_a_line_that_is_no_event_is_told_and_the_others_are_used(bad: bytes) -> None:
    changes, problems = read_deployments(b"\n" + bad.rstrip(b"\n") + b"\n" + line())
    assert [change.ref for change in changes] == ["deploy-7"]
    assert [problem.line for problem in problems] == [2]


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*EVENT]), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*EVENT]), json_value), st.binary(max_size=20))
def test_no_event_stops_it(values: dict[str, Any], noise: bytes) -> None:
    read_deployments(line(**values) + noise)
