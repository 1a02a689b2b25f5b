"""All targets by their names."""

from __future__ import annotations

from tests.fuzz.targets import documents, flows, requests, texts

TARGETS = {
    target.name: target for part in (flows, texts, requests, documents) for target in part.TARGETS
}
