"""What model calls cost: reserved before, settled after, one row for each attempt.

See :mod:`sensorium.gateway.ledger.ledger` for what is promised, and to whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.gateway.ledger.config import LedgerConfig
    from sensorium.gateway.ledger.ledger import Ledger, open_ledger
    from sensorium.gateway.ledger.limits import Limit, Period
    from sensorium.gateway.ledger.prices.book import PriceBook
    from sensorium.gateway.ledger.words import (
        Claim,
        Cost,
        Outcome,
        Recovered,
        RefusalReason,
        Refused,
        Scopes,
        Ticket,
    )

__all__ = [
    "Claim",
    "Cost",
    "Ledger",
    "LedgerConfig",
    "Limit",
    "Outcome",
    "Period",
    "PriceBook",
    "Recovered",
    "RefusalReason",
    "Refused",
    "Scopes",
    "Ticket",
    "open_ledger",
]

_load = lazy_names(
    __name__,
    config="LedgerConfig",
    ledger="Ledger open_ledger",
    limits="Limit Period",
    words="Claim Cost Outcome Recovered RefusalReason Refused Scopes Ticket",
)


def __getattr__(name: str) -> Any:
    if name == "PriceBook":
        from sensorium.gateway.ledger.prices.book import PriceBook

        return PriceBook
    return _load(name)
