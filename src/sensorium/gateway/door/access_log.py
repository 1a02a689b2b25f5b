"""A structured line for each call, without a word of what was asked or answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sensorium.gateway.access import Caller
    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.door.config import DoorConfig
    from sensorium.observe import Observe


class AccessLog:
    """Writes them, if the settings say so."""

    def __init__(self, config: DoorConfig, observe: Observe) -> None:
        self._is_on = config.access_log
        self._with_content = config.log_content
        self._log = observe.logger("gateway.access")

    def call(
        self,
        facts: Facts,
        caller: Caller,
        status: int,
        now: float,
        *,
        asked: Any = None,
        answered: bytes = b"",
    ) -> None:
        """One call is over. Content is written only where that was opted in to, and of
        no class of data that a policy confines."""
        if not self._is_on:
            return
        usage = facts.usage
        more: dict[str, Any] = {}
        if self._with_content and not caller.privacy_class:
            more = {"asked": asked, "answered": answered.decode("utf-8", "replace")}
        self._log.info(
            "call",
            request_id=facts.request_id,
            operation=facts.operation,
            status=status,
            outcome=facts.outcome,
            key=caller.key_id,
            model=facts.route,
            deployment=facts.deployment,
            attempts=facts.attempts,
            stream=facts.stream,
            input_tokens=usage.input if usage else None,
            output_tokens=usage.output if usage else None,
            estimated=facts.estimated,
            cost_nanodollars=facts.cost,
            cache=facts.cache,
            guardrails=list(facts.guardrails),
            ms=round((now - facts.started) * 1e3, 3),
            upstream_ms=round(facts.upstream_s * 1e3, 3),
            **more,
        )
