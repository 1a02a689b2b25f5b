"""How much the guardrails find in made texts, how much they take for what it is not, and how fast.

The texts and how they are made: ``benchmarks/gateway/labelled.py``. Recall is the share of values
that do not get through; precision the share of what was taken that had to be, with as many texts
that hold something as texts that hold nothing. Injections are scored besides on texts that were
held out (``held_out.py``) and on those of strangers (``strangers.py``). Speed is that of one core
over requests of 2 KB, through the whole guard.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from random import Random
from typing import Any

from benchmarks.gateway import held_out, labelled, strangers
from benchmarks.gateway.labelled import Text
from benchmarks.report import Claim, arguments, report
from sensorium.gateway.conversation import Conversation, Message, Role, ToolResult
from sensorium.gateway.conversation import Text as Words
from sensorium.gateway.dialects.tokens import of_text
from sensorium.gateway.guardrails.config import (
    GuardrailsConfig,
    InjectionConfig,
    PersonalDataConfig,
    SecretsConfig,
)
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import Action, Blocked
from sensorium.gateway.guardrails.guard import Guard
from sensorium.gateway.guardrails.registry import make_guard
from sensorium.observe import Observe

MASKING: dict[str, Any] = {
    "personal data": {"personal_data": (PersonalDataConfig(),)},
    "secrets": {"secrets": (SecretsConfig(action=Action.MASK),)},
    "injection": {"injection": (InjectionConfig(),)},
}


async def nobody(_: Conversation) -> Any:
    """No rule here asks a model."""
    raise RuntimeError("no model is asked")


def guard(kind: str) -> Guard:
    """A guard with one rule, as it is by default."""
    return make_guard(GuardrailsConfig(**MASKING[kind]), Observe(), estimate=of_text, ask=nobody)


def conversation(text: str) -> Conversation:
    """A request of one message."""
    return Conversation(model="m", messages=(Message(Role.USER, (Words(text),)),))


async def taken(rule: Guard, text: Text) -> bool:
    """Whether the value does not get through; where there is none, whether anything was taken."""
    passed = await rule.before(conversation(text.text), Context(route="m"))
    if isinstance(passed, Blocked):
        return True
    (part,) = passed.conversation.messages[0].parts
    assert isinstance(part, Words)
    secret = text.value.rpartition(" ")[2] if text.kind.endswith("password") else text.value
    return secret not in part.text if text.value else part.text != text.text


async def score(rule: Guard, good: Sequence[Text], bad: Sequence[Text]) -> dict[str, float]:
    """Recall by kind and in all, and precision."""
    by_kind: dict[str, list[bool]] = {}
    for text in good:
        by_kind.setdefault(text.kind, []).append(await taken(rule, text))
    found = [one for kind in by_kind.values() for one in kind]
    wrong = [await taken(rule, text) for text in bad]
    # As many texts of either sort, whatever was made of each.
    recall, alarms = sum(found) / len(found), sum(wrong) / len(wrong)
    scores = {f"recall, {kind}": sum(of) / len(of) for kind, of in by_kind.items()}
    precision = recall / (recall + alarms) if recall + alarms else 0.0
    return {**scores, "recall": recall, "precision": precision}


def speed(rule: Guard, texts: Sequence[Text], *, quick: bool) -> float:
    """Megabytes a second of requests of 2 KB."""
    whole = "\n".join(text.text for text in texts)
    most = 50 if quick else 400
    pieces = [whole[at : at + 2048] for at in range(0, len(whole) - 2048, 2048)][:most]
    asked = [conversation(piece) for piece in pieces]
    context = Context(route="m")

    async def all_of_them() -> float:
        begun = time.process_time()
        for one in asked:
            await rule.before(one, context)
        return time.process_time() - begun

    taken_s = min(asyncio.run(all_of_them()) for _ in range(3))
    return sum(len(piece.encode()) for piece in pieces) / 1e6 / taken_s


async def share(rule: Guard, texts: Sequence[str], *, results: bool = False) -> float:
    """The share of texts that are refused, as a user's words or as results of tools, in percent."""
    refused = 0
    for text in texts:
        asked = conversation(text)
        if results:
            part = ToolResult(call_id="c", parts=(Words(text),))
            asked = Conversation(model="m", messages=(Message(Role.TOOL, (part,)),))
        refused += isinstance(await rule.before(asked, Context(route="m")), Blocked)
    return 100 * refused / len(texts)


async def injections_apart() -> list[Claim]:
    """Recall on held-out texts and on strangers', and what was taken of harmless ones."""
    rule = guard("injection")
    claims = []
    for name, texts in held_out.CLASSES.items():
        found = await share(rule, texts, results=texts is held_out.FROM_TOOLS)
        claims.append(Claim(f"held out: {name}", found, "%"))
    for name, texts, results in (
        ("held out: harmless taken", held_out.HARMLESS, False),
        ("held out: harmless results taken", held_out.HARMLESS_FROM_TOOLS, True),
    ):
        claims.append(Claim(name, await share(rule, texts, results=results), "%"))
    for name, given in strangers.attacks().items():
        unseen = [text for text in given if not strangers.was_seen(text)]
        label = f"strangers': {name} ({len(unseen)} unseen)"
        claims.append(Claim(label, await share(rule, unseen), "%"))
    quiet = strangers.harmless()
    label = f"strangers': harmless taken of {len(quiet):,}"
    claims.append(Claim(label, await share(rule, quiet), "%"))
    label = "strangers': harmless taken, as results"
    claims.append(Claim(label, await share(rule, quiet, results=True), "%"))
    return claims


def main() -> None:
    quick = arguments(__doc__).quick
    count = 40 if quick else 400
    random = Random(20261128)
    talk = list(labelled.harmless_talk(random, 3 * count))
    texts: dict[str, tuple[list[Text], list[Text]]] = {
        "personal data": (
            list(labelled.with_values(random, labelled.PERSONAL, count, found=True)),
            list(labelled.with_values(random, labelled.HARMLESS_NUMBERS, count, found=False)),
        ),
        "secrets": (
            list(labelled.with_values(random, labelled.SECRETS, count, found=True)),
            list(labelled.with_values(random, labelled.HARMLESS_STRINGS, count, found=False)),
        ),
        "injection": (list(labelled.injections(random, count)), talk),
    }
    claims: list[Claim] = []
    for kind, (good, bad) in texts.items():
        rule = guard(kind)
        found = asyncio.run(score(rule, good, bad))
        claims += [Claim(f"{kind}: {name}", value * 100, "%") for name, value in found.items()]
        claims.append(Claim(f"{kind}: harmless text", speed(rule, talk, quick=quick), "MB/s"))
    claims += asyncio.run(injections_apart())
    report("Guardrails on made texts, held-out ones and strangers'", claims)


if __name__ == "__main__":
    main()
