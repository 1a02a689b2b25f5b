from __future__ import annotations

import pytest

from sensorium.approval.errors import AlreadyDecidedError
from sensorium.component import Health, HealthState
from sensorium.console.config import ConsoleConfig
from sensorium.console.server import HttpServer
from sensorium.errors import SensoriumError
from sensorium.ingest.prometheus import Scrape
from sensorium.model.approval import ApprovalState
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import AnnouncementKind
from tests.console.conftest import Bench


def test_incidents_are_listed_and_shown_with_what_waits_for_a_person(bench: Bench) -> None:
    approval = bench.propose()
    listed = bench.client.get("/api/v1/incidents").json()["incidents"]
    assert [i["id"] for i in listed] == ["INC-0123abcd"]
    shown = bench.client.get("/api/v1/incidents/INC-0123abcd").json()
    assert shown["incident"]["state"] == "awaiting_approval"
    assert [a["id"] for a in shown["approvals"]] == [approval.id]


def test_states_are_a_closed_set(bench: Bench) -> None:
    bench.propose()
    asked = bench.client.get("/api/v1/incidents", params={"state": "closed"})
    assert asked.json() == {"incidents": []}
    assert bench.client.get("/api/v1/incidents", params={"state": "gone"}).status_code == 422


@pytest.mark.parametrize(
    "path",
    ["incidents/INC-none", "incidents/INC-none/brief", "evidence/E-none", "approvals/A-none"],
)
def test_what_is_not_there_is_said_to_be_missing(bench: Bench, path: str) -> None:
    answer = bench.client.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert "none" in answer.json()["detail"]


def test_a_decision_is_taken_once_and_only_on_the_digest_that_was_read(bench: Bench) -> None:
    approval = bench.propose()
    path = f"/api/v1/approvals/{approval.id}/approve"
    good = {"actor": "ada", "reason": "seen it", "digest": approval.action_digest}
    assert bench.client.post(path, json=good | {"digest": "0" * 64}).status_code == 409
    assert bench.client.post(path, json=good).json()["approval"]["state"] == "approved"
    again = bench.client.post(path, json=good)
    assert again.status_code == 409
    with pytest.raises(AlreadyDecidedError):
        bench.desk.decide(approval.id, "reject", actor="bob", reason="late")
    stored = bench.records.approvals.get(approval.id)
    assert stored is not None
    assert (stored.state, stored.actor) == (ApprovalState.APPROVED, "ada")


def test_a_rejection_without_a_reason_is_refused(bench: Bench) -> None:
    approval = bench.propose()
    body = {"actor": "ada", "digest": approval.action_digest}
    answer = bench.client.post(f"/api/v1/approvals/{approval.id}/reject", json=body)
    assert answer.status_code == 422
    stored = bench.records.approvals.get(approval.id)
    assert stored is not None
    assert stored.state is ApprovalState.PENDING


def test_readiness_follows_the_parts_and_liveness_does_not_wait_for_them(bench: Bench) -> None:
    assert bench.client.get("/readyz").status_code == 200
    bench.health["pipeline"] = Health(HealthState.STARTING, "reading back")
    assert bench.client.get("/readyz").status_code == 503
    assert bench.client.get("/healthz").status_code == 200
    bench.health["udp"] = Health(HealthState.FAILED, "port taken")
    answer = bench.client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["udp"] == {"state": "failed", "detail": "port taken"}


def test_metrics_are_in_the_exposition_format(bench: Bench) -> None:
    answer = bench.client.get("/metrics")
    assert answer.status_code == 200
    assert "# TYPE sensorium_store_rows_waiting gauge" in answer.text


def test_samples_and_announcements_reach_the_intake_as_they_were_sent(bench: Bench) -> None:
    query = {"time_ns": 5, "job": "node", "instance": "10.0.0.1:9100", "duration_ns": 7}
    sent = bench.client.post("/api/v1/import/prometheus", params=query, content=b"up 1\n")
    assert sent.status_code == 204
    table = bench.client.post("/api/v1/changes/crontab", params={"host": "db-1"}, content=b"# x")
    assert table.json() == {"entries": 0, "not_used": 0, "problems": []}
    assert bench.client.post("/api/v1/replay/end", params={"time_ns": 9}).status_code == 204
    scrape, announcement, end = bench.taken
    assert scrape == Scrape(5, "node", "10.0.0.1:9100", 200, b"up 1\n", 7)
    assert (announcement.kind, announcement.host) == (AnnouncementKind.CRONTAB, "db-1")
    assert end == 9


def test_a_cron_table_cannot_name_a_file_elsewhere(bench: Bench) -> None:
    sent = bench.client.post("/api/v1/changes/crontab", params={"host": "../x"}, content=b"")
    assert sent.status_code == 422
    assert bench.taken == []


def test_the_answer_says_what_of_an_announcement_is_used(bench: Bench) -> None:
    table = b"* * * * * root a\n1 2\n0 4 * * * root b\n"
    sent = bench.client.post("/api/v1/changes/crontab", params={"host": "db-1"}, content=table)
    problem = {"line": 2, "reason": "no cron job: it needs a schedule, a user and a command"}
    assert sent.json() == {"entries": 2, "not_used": 1, "problems": [problem]}
    assert bench.taken[0].content == table


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        ("calendar", b"", "nothing of the calendar can be used: line 1: no iCalendar (RFC 5545)"),
        ("calendar", b"<html>", "nothing of the calendar can be used: line 1: no iCalendar"),
        ("deployments", b"\n{}", "nothing of the deployments can be used: line 2: no deployment"),
        ("crontab", b"0 4 * * *", "nothing of the crontab can be used: line 1: no cron job"),
    ],
)
def test_an_announcement_of_no_use_is_refused_and_counted(
    bench: Bench, kind: str, content: bytes, says: str
) -> None:
    sent = bench.client.post(f"/api/v1/changes/{kind}", params={"host": "a"}, content=content)
    assert sent.status_code == 422
    assert sent.json()["detail"].startswith(says)
    assert bench.taken == []
    labels = {"protocol": kind, "reason": "malformed"}
    assert bench.observe.value("sensorium_ingest_dropped_total", labels) == 1


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(bench: Bench) -> None:
    query = {"time_ns": 5, "instance": "10.0.0.1:9100"}
    path = "/api/v1/import/prometheus"
    large = b"x" * (1 << 20) + b"y"
    assert bench.client.post(path, params=query, content=large).status_code == 413
    chunks = (large[at : at + 65536] for at in range(0, len(large), 65536))
    assert bench.client.post(path, params=query, content=chunks).status_code == 413
    assert bench.taken == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://elsewhere.example"}, 403),
        ({"host": "rebound.example"}, 421),
        ({"origin": "http://127.0.0.1"}, 200),
        ({"origin": "http://[::1"}, 403),
        ({"host": "[::1"}, 421),
        ({"host": "[::1]:8470"}, 200),
    ],
)
def test_foreign_web_pages_get_no_answer(
    bench: Bench, headers: dict[str, str], status: int
) -> None:
    assert bench.client.get("/api/v1/incidents", headers=headers).status_code == status


class TestWithToken:
    @pytest.fixture
    def config(self) -> ConsoleConfig:
        return ConsoleConfig(port=0, token="s3cret")

    def test_every_call_must_carry_it(self, bench: Bench) -> None:
        assert bench.client.get("/api/v1/incidents").status_code == 401
        wrong = {"authorization": "Bearer s3creT"}
        assert bench.client.get("/api/v1/incidents", headers=wrong).status_code == 401
        right = {"authorization": "Bearer s3cret"}
        assert bench.client.get("/api/v1/incidents", headers=right).status_code == 200
        assert bench.client.get("/readyz").status_code == 200


def test_nobody_off_this_machine_is_served_without_a_token() -> None:
    with pytest.raises(ValueError, match="token is empty"):
        ConsoleConfig(host="0.0.0.0")


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
def test_an_address_that_is_not_this_machines_is_an_error_that_says_which(host: str) -> None:
    from fastapi import FastAPI

    server = HttpServer(FastAPI(), ConsoleConfig(host=host, token="x"), Observe())
    with pytest.raises(SensoriumError, match=f"cannot listen on {host} port 8470"):
        server.bind()


def test_an_incident_is_labelled_over_http_and_every_label_is_kept(bench: Bench) -> None:
    bench.propose()
    where = "/api/v1/incidents/INC-0123abcd"
    for label in ("confirmed", "planned"):
        answer = bench.client.post(f"{where}/labels", json={"label": label, "actor": "anna"})
        assert answer.status_code == 200
        assert answer.json()["label"]["opinion"] == label
    said = bench.client.get(where).json()["labels"]
    assert [label["opinion"] for label in said] == ["confirmed", "planned"]


def test_a_wrong_label_over_http_is_refused(bench: Bench) -> None:
    bench.propose()
    where = "/api/v1/incidents/INC-0123abcd/labels"
    assert bench.client.post(where, json={"label": "dull", "actor": "a"}).status_code == 422
    assert bench.client.post(where, json={"label": "planned", "actor": " "}).status_code == 422
    assert bench.client.post(where, json={"label": "planned"}).status_code == 422
    unknown = "/api/v1/incidents/INC-nobody/labels"
    assert bench.client.post(unknown, json={"label": "planned", "actor": "a"}).status_code == 404
    assert bench.records.labels.latest() == {}


def test_incidents_are_sorted_over_http_and_none_is_left_out(bench: Bench) -> None:
    bench.propose()
    for sort in ("newest", "worst", "rank"):
        listed = bench.client.get("/api/v1/incidents", params={"sort": sort}).json()
        assert [incident["id"] for incident in listed["incidents"]] == ["INC-0123abcd"]
        # Nobody has taught it anything.
        assert listed.get("rank") == ([] if sort == "rank" else None)
    assert bench.client.get("/api/v1/incidents", params={"sort": "best"}).status_code == 422
    assert bench.client.get("/api/v1/incidents/INC-0123abcd").json()["rank"] is None
