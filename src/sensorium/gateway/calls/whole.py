"""A whole answer, for whoever asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from sensorium.gateway.record import record

if TYPE_CHECKING:
    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.dialect import Dialect
    from sensorium.gateway.reply import Reply


@record()
class Whole:
    """``raw`` is the provider's body as it came, where the caller may have it like that."""

    reply: Reply
    facts: Facts
    raw: bytes | None = None

    def body(self, dialect: Dialect) -> bytes:
        """The answer as the caller's dialect writes it."""
        return self.raw if self.raw is not None else orjson.dumps(dialect.render_reply(self.reply))
