from __future__ import annotations

import shlex
from types import MappingProxyType

import pytest

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.mitigations import intrusion
from sensorium.agent.mitigations.proposal import Ground, Remote, plain_word, risk_of
from sensorium.agent.naming import Names
from sensorium.agent.settings import AgentConfig
from sensorium.agent.state import incident_to_json
from sensorium.agent.stories.story import Story
from sensorium.agent.verdict import judge, points
from sensorium.model.action import RiskTier
from sensorium.model.evidence import Weight
from sensorium.model.incident import IncidentKind, Severity, Verdict
from sensorium.model.signals import Signal
from sensorium.topology import EdgeTable
from tests.agent.scenarios import incident_of, log_anomaly

GROUND = Ground(MappingProxyType({"10.1.0.13": ("10.0.0.2", "1")}), EdgeTable(), ("E-aaaaaaaaaa",))


def case() -> Case:
    incident = incident_of([log_anomaly("web", 0, "x")], IncidentKind.INTRUSION)
    return Case({"incident": incident_to_json(incident), "anomalies": []}, AgentConfig())


def story(account: str) -> Story:
    return Story(
        IncidentKind.INTRUSION,
        "x",
        Severity.CRITICAL,
        (),
        ("10.1.0.13",),
        "10.1.0.13",
        9.0,
        Verdict.CONFIRMED,
        {"entered": ["10.2.0.10"], "outside": [], "accounts": [account]},
    )


@pytest.mark.parametrize(
    "account", ["root; reboot", "$(reboot)", "a'b", "-rf", "x\ny", "`id`", "a b", "", "x" * 80]
)
def test_a_user_name_from_a_log_line_never_becomes_a_command(account: str) -> None:
    action = intrusion.propose(case(), story(account), GROUND)
    assert action is not None
    assert all("usermod" not in line for line in action.commands)
    assert not plain_word(account)


def test_an_ordinary_account_is_locked_where_it_was_used() -> None:
    action = intrusion.propose(case(), story("labuser"), GROUND)
    assert action is not None
    assert 'ssh root@10.2.0.10 "usermod --lock labuser"' in action.commands
    assert 'ssh root@10.2.0.10 "usermod --unlock labuser"' in action.rollback
    assert "(E-aaaaaaaaaa)" in action.rationale


def test_without_a_router_that_saw_the_attacker_nothing_is_proposed() -> None:
    nowhere = Ground(MappingProxyType({}), EdgeTable(), ())
    assert intrusion.propose(case(), story("labuser"), nowhere) is None


def test_a_command_survives_both_shells_it_passes() -> None:
    words = ("nft", "add chain inet x y { type filter ; }", 'say "hi" $HOME `id` !')
    line = Remote("root").on("10.0.0.2", *words)
    assert shlex.split(shlex.split(line)[2]) == list(words)


def test_risk_grows_with_how_many_depend_on_what_is_touched() -> None:
    assert [risk_of(n) for n in (0, 1, 3, 4)] == [
        RiskTier.LOW,
        RiskTier.MEDIUM,
        RiskTier.MEDIUM,
        RiskTier.HIGH,
    ]


def clue(kind: ClueKind, signal: Signal, weight: Weight = Weight.STRONG, against: str = "") -> Clue:
    return Clue(kind, "10.0.0.1", "x", ("E-1",), signal, weight, against=tuple(against.split()))


def test_a_verdict_needs_independent_evidence_and_not_much_of_one_kind() -> None:
    scan = clue(ClueKind.FAN_OUT, Signal.FLOWS)
    guess = clue(ClueKind.AUTH_FAILURES, Signal.LOGS)
    login = clue(ClueKind.LOGIN_AFTER_FAILURES, Signal.LOGS)
    pair = clue(ClueKind.NEW_INTERNAL_PAIR, Signal.FLOWS, Weight.SUPPORTING)
    assert judge([scan] * 50) is Verdict.INCONCLUSIVE
    assert judge([scan, pair]) is Verdict.LIKELY
    assert judge([scan, guess, pair]) is Verdict.CONFIRMED
    assert judge([guess, login]) is Verdict.LIKELY
    assert judge([]) is Verdict.INCONCLUSIVE
    assert points([scan, scan, guess, pair]) == 5.0


def test_evidence_against_a_clue_halves_it() -> None:
    assert points([clue(ClueKind.FAN_OUT, Signal.FLOWS, against="E-2")]) == 1.0


def test_names_are_written_with_their_addresses_and_found_again() -> None:
    names = Names({"10.0.0.1": "gw1"}, {"10.0.0.1": "10.0.0.1", "10.9.0.1": "10.0.0.1"})
    assert names.host("10.9.0.1") == "gw1 (10.9.0.1)"
    assert names.host("10.0.0.7") == "10.0.0.7"
    assert names.home("10.9.0.1") == "10.0.0.1"
    assert names.aliases("10.0.0.1") == ("10.0.0.1", "10.9.0.1")
    assert names.resolve("GW1.example.net.") == "10.0.0.1"
    assert names.resolve("10.9.0.1") == "10.0.0.1"
    assert names.resolve("nobody") is None
    assert names.service("10.0.0.1:22/tcp") == "SSH on gw1 (10.0.0.1:22/tcp)"
    assert names.many(["10.0.0.1", "10.0.0.7"]) == "gw1 (10.0.0.1) and 10.0.0.7"
