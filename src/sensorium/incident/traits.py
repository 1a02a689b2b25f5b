"""What an anomaly looks like, read from its features and words; grouping and kind build on it."""

from __future__ import annotations

import re
from enum import StrEnum

from sensorium.model.anomaly import Anomaly, Feature
from sensorium.model.signals import Signal


class Trait(StrEnum):
    """One thing that an anomaly says; an anomaly may say several."""

    FAN_OUT = "fan_out"
    FIRST_CONTACT = "first_contact"
    AUTH_FAILURE = "auth_failure"
    LOGIN = "login"
    FAILING = "failing"
    SILENT = "silent"
    BULK = "bulk"
    ERRORS = "errors"
    SLOW = "slow"
    LINK = "link"
    RESTART = "restart"


_FAN_OUT = frozenset(
    {"peers", "ports", "port_entropy", "peer_entropy", "new_peers", "new_services"}
)
_CONTACT = frozenset({"novelty", "new_peers", "new_services", "new"})
_FAILING = frozenset({"failed", "failed_share", "failed_as_server"})
_BULK = frozenset({"bytes", "bytes_out", "bytes_in", "bytes_up", "bytes_down", "asymmetry"})
_ACTIVITY = frozenset({"flows", "flows_as_server", "clients", "requests", "conversations", "count"})

_ODD_SIGMAS = 3.0
# First contacts are few or many, not more or less: two sigmas say that there was one.
_NEW_SIGMAS = 1.8

_AUTH = re.compile(
    r"failed password|authentication fail|invalid user|failed publickey|maximum authentication"
    r"|too many authentication|auth(entication)? error|access denied|login incorrect",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"accepted (password|publickey|keyboard)|session opened|new session", re.I)
_LINK = re.compile(
    r"\b(carrier|link|line protocol|interface|port|adjacency|adjchg|neighbou?r|nbr|peer)\b.{0,60}"
    r"\b(lost|down|up|detected|deleted|dead|inactivity|loading|full|idle|expired|changed)\b",
    re.IGNORECASE,
)
_ERRORS = re.compile(
    r"\berror|\bfail(ed|ure|ing)?\b|refused|timed? ?out|unreachable|fatal|panic|exception"
    r"|upstream|no route|too many|terminated|\b5(0\d|xx)\b|not available",
    re.IGNORECASE,
)
_SLOW = re.compile(r"\bslow|latency|duration|took \S+ ?ms", re.IGNORECASE)
_RESTART = re.compile(
    r"\bstopp(ed|ing)\b|\bstart(ed|ing|up)\b|listening on|shutting down|shut down|deploy|restart",
    re.IGNORECASE,
)
_LINK_SERIES = re.compile(
    r"network_(carrier|up\b|flags|operstate)|carrier_(changes|up|down)|_speed_bytes", re.I
)
_LOSS_SERIES = re.compile(r"drop|overlimit|backlog|retrans|_errs?_|requeue|timeouts?", re.I)
_UP_SERIES = re.compile(r"^up\{|^up$|^scrape_")


def traits(anomaly: Anomaly) -> frozenset[Trait]:
    """Every trait of one anomaly, from its odd features and its words."""
    found: set[Trait] = set()
    for feature in anomaly.features:
        if abs(feature.score) >= (_NEW_SIGMAS if feature.name in _CONTACT else _ODD_SIGMAS):
            found |= _of_feature(anomaly, feature)
    if anomaly.signal is Signal.LOGS:
        found |= _of_words(anomaly.summary)
    elif anomaly.signal is Signal.METRICS:
        found |= _of_series(anomaly)
    return frozenset(found)


def _of_feature(anomaly: Anomaly, feature: Feature) -> set[Trait]:
    found: set[Trait] = set()
    more = feature.value > feature.expected
    name = feature.name
    if name == "silent_seconds":
        found.add(Trait.SILENT)
    if anomaly.signal is not Signal.FLOWS:
        return found
    if more and name in _FAN_OUT and _is_wide(feature):
        found.add(Trait.FAN_OUT)
    if more and name in _CONTACT:
        found.add(Trait.FIRST_CONTACT)
    if more and name in _FAILING:
        found.add(Trait.FAILING)
    if more and name in _BULK:
        found.add(Trait.BULK)
    if not more and name in (_ACTIVITY | _BULK):
        found.add(Trait.SILENT)
    if more and name == "duration":
        found.add(Trait.SLOW)
    return found


def _is_wide(feature: Feature) -> bool:
    # A third conversation partner is not a scan: it takes many, and many more than usual.
    if feature.name.endswith("entropy"):
        return feature.value >= 3.0 and feature.value >= feature.expected + 2.0
    return feature.value >= 8 and feature.value >= 3 * feature.expected


def _of_words(text: str) -> set[Trait]:
    found: set[Trait] = set()
    for pattern, trait in (
        (_AUTH, Trait.AUTH_FAILURE),
        (_LOGIN, Trait.LOGIN),
        (_LINK, Trait.LINK),
        (_SLOW, Trait.SLOW),
        (_RESTART, Trait.RESTART),
    ):
        if pattern.search(text):
            found.add(trait)
    if not found & {Trait.AUTH_FAILURE, Trait.LINK} and _ERRORS.search(text):
        found.add(Trait.ERRORS)
    return found


def _of_series(anomaly: Anomaly) -> set[Trait]:
    key = anomaly.entity.key
    strongest = anomaly.features[0] if anomaly.features else None
    if strongest is not None and strongest.name not in ("value", "drift", "at_this_time"):
        # That it is missing, stands still or varies more says nothing of what it measures.
        return set()
    more = strongest is None or strongest.value > strongest.expected
    name = key.partition("{")[0]
    if _UP_SERIES.search(key):
        return {Trait.SILENT} if not more else {Trait.RESTART}
    if _LINK_SERIES.search(name):
        return {Trait.LINK}
    if _LOSS_SERIES.search(name):
        return {Trait.FAILING} if more else set()
    found: set[Trait] = set()
    if _SLOW.search(name) and more:
        found.add(Trait.SLOW)
    if _ERRORS.search(name) and more:
        found.add(Trait.ERRORS)
    if "bytes" in name and more:
        found.add(Trait.BULK)
    return found
