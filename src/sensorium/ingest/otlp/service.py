"""What becomes of an export request, whichever way it came: decoded, kept, then answered."""

from __future__ import annotations

import asyncio
import os

from sensorium.ingest.acceptance import Accept, request_id
from sensorium.ingest.otlp.answers import Outcome
from sensorium.ingest.otlp.config import OtlpConfig
from sensorium.ingest.otlp.decoded import Decoded
from sensorium.ingest.otlp.json_mapping import to_protobuf
from sensorium.ingest.otlp.logs import LogsDecoder
from sensorium.ingest.otlp.metrics import MetricsDecoder
from sensorium.model.address import UNSPECIFIED
from sensorium.model.signals import Signal
from sensorium.observe import Observe


class OtlpService:
    """Takes logs and metrics and answers only when ``accept`` has made them durable.

    Requests are decoded in other threads, so that a large one holds nobody up.
    """

    def __init__(self, config: OtlpConfig, accept: Accept, observe: Observe) -> None:
        self._accept = accept
        seed = int.from_bytes(os.urandom(7), "big")
        self._logs = LogsDecoder(config, observe, seed=seed)
        self._metrics = MetricsDecoder(config, observe, seed=seed)

    def warm_up(self) -> None:
        """Compile, or load, what decoding needs, so that the first request does not wait."""
        self._logs.decode(b"", 0)
        self._metrics.decode(b"", 0)

    async def export(
        self,
        signal: Signal,
        body: bytes,
        arrival_ns: int,
        source: bytes = UNSPECIFIED,
        *,
        json: bool = False,
    ) -> Outcome:
        """Decode and keep a request.

        MalformedError or TooManyError where it cannot be taken, NoRoomError where it cannot be
        taken now; nothing of it was then kept.
        """
        decoded, identity = await asyncio.to_thread(
            self._decode, signal, body, arrival_ns, source, json
        )
        await self._accept([(signal, decoded.batch)], identity)
        decoded.accepted()
        return Outcome(signal, decoded.rejected)

    def _decode(
        self, signal: Signal, body: bytes, arrival_ns: int, source: bytes, json: bool
    ) -> tuple[Decoded, bytes]:
        message = to_protobuf(body, signal) if json else body
        if signal is Signal.LOGS:
            decoded = self._logs.decode(message, arrival_ns, source)
        else:
            decoded = self._metrics.decode(message, arrival_ns)
        # What states no time may lawfully be sent twice and mean two things.
        identity = request_id(body, source) if decoded.timed else b""
        return decoded, identity
