from __future__ import annotations

import re
from pathlib import Path

from tests.console.conftest import Bench

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "http-api.md"


def test_the_page_about_the_api_has_every_route_and_no_other(bench: Bench) -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = re.findall(r"^\| `(GET|POST) (/[^`?]*)`", text, re.MULTILINE)
    paths = bench.client.get("/api/openapi.json").json()["paths"]
    there = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    probes = {("GET", path) for path in ("/healthz", "/readyz", "/metrics")}
    assert set(told) == there | probes
    assert len(told) == len(set(told))
