"""Exchanges of which only one side is told."""

from __future__ import annotations

import pytest

from tests.detect.flows.test_conversations import ACK, ALL, RST, SYN, record, talk


@pytest.mark.parametrize(
    ("flags", "failed"),
    [(ALL, False), (SYN | ACK, False), (SYN, True), (0, True)],
    ids=["a whole exchange", "a handshake", "a knock", "no flags told"],
)
def test_a_client_that_acknowledges_was_answered_though_nobody_tells_of_it(
    flags: int, *, failed: bool
) -> None:
    _, talks, _ = talk(record("10.0.0.5:40000", "10.0.0.9:9100", tcp_flags=flags))
    assert talks.failed.tolist() == [failed]


def test_a_service_of_whose_answers_nobody_tells_answers_all_the_same() -> None:
    _, talks, _ = talk(record("10.0.0.5:40000", "10.0.0.9:9100", tcp_flags=ALL, packets=11))
    assert talks.answered.tolist() == [True]


def test_a_refusal_is_a_failure_though_the_client_acknowledges_it() -> None:
    there = record("10.0.0.5:40000", "10.0.0.9:9100", tcp_flags=SYN | ACK)
    back = record("10.0.0.9:9100", "10.0.0.5:40000", tcp_flags=RST | ACK)
    _, talks, _ = talk(there, back)
    assert talks.failed.tolist() == [True]
