from __future__ import annotations

from typing import Any

import pytest

from tests.console.conftest import Bench


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("GET", "/nothing", None, 404, "there is nothing at /nothing\n"),
        ("DELETE", "/healthz", None, 405, "/healthz takes GET, not DELETE"),
        ("GET", "/api/v1/incidents?limit=x", None, 422, "limit: input should be a valid integer"),
        ("GET", "/api/v1/approvals?limit=0", None, 422, "limit: input should be greater than"),
        ("GET", "/api/v1/flows", None, 422, "start_ns is missing\nend_ns is missing"),
        ("POST", "/api/v1/incidents/I-1/labels", None, 422, "the body is no JSON object; send"),
        ("POST", "/api/v1/incidents/I-1/labels", [1], 422, "the body is no JSON object; send"),
        ("POST", "/api/v1/incidents/I-1/labels", {"label": "odd"}, 422, "actor is missing"),
        ("POST", "/api/v1/changes/crontab", None, 422, "say whose cron table it is"),
        ("POST", "/api/v1/changes/plans", None, 422, "kind: input should be 'calendar'"),
    ],
)
def test_every_refusal_is_a_sentence(
    bench: Bench, method: str, path: str, body: Any, status: int, told: str
) -> None:
    answer = bench.client.request(method, path, json=body)
    assert answer.status_code == status
    assert told in answer.json()["detail"]


def test_what_is_no_json_is_told_like_what_is_no_object(bench: Bench) -> None:
    answer = bench.client.post(
        "/api/v1/incidents/I-1/labels",
        content="{label",
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("the body is no JSON object")


def test_a_long_value_is_shown_by_its_beginning(bench: Bench) -> None:
    told = bench.client.get("/api/v1/incidents", params={"limit": "9" * 5000}).json()["detail"]
    assert len(told) < 200


def test_the_description_says_so_too(bench: Bench) -> None:
    paths = bench.client.get("/api/openapi.json").json()["paths"]
    refused = paths["/api/v1/incidents"]["get"]["responses"]["422"]["content"]
    assert refused["application/json"]["schema"] == {"$ref": "#/components/schemas/Refusal"}


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/api/v1/incidents", "/nothing"])
def test_head_answers_with_the_head_of_get(bench: Bench, path: str) -> None:
    head, get = bench.client.head(path), bench.client.get(path)
    assert head.status_code == get.status_code
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]
    assert bench.client.head("/api/v1/detect/score").status_code == 405
