"""One call from asking to settling: guarded, routed, accounted and observed.

Only this package and ``gateway/app.py`` know all the parts of the gateway.
"""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.gateway.calls.ask import Ask, EmbeddingAsk
    from sensorium.gateway.calls.gateway import Gateway
    from sensorium.gateway.calls.rejection import RejectedError
    from sensorium.gateway.calls.streamed import Streamed
    from sensorium.gateway.calls.whole import Whole

__all__ = ["Ask", "EmbeddingAsk", "Gateway", "RejectedError", "Streamed", "Whole"]
__getattr__ = lazy_names(
    __name__,
    ask="Ask EmbeddingAsk",
    gateway="Gateway",
    rejection="RejectedError",
    streamed="Streamed",
    whole="Whole",
)
