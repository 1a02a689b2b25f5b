"""``POST /api/v1/write``: the specification's answers, once what was written is safe."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sensorium.ingest.acceptance import Accept, request_id
from sensorium.ingest.remote_write.decoder import Decoded, RefusedWriteError, RemoteWriteDecoder
from sensorium.ingest.remote_write.scan import V1, V2
from sensorium.ingest.transport.http.route import Reply, Request, plain_refusal

_VERSIONS: Final = {
    "": V1,
    "prometheus.WriteRequest": V1,
    "io.prometheus.write.v2.Request": V2,
}
_WRITTEN: Final = "X-Prometheus-Remote-Write-{}-Written"


class RemoteWriteRoute:
    """Takes what Prometheus and its agents write.

    Requests are decoded one after the other, in a thread of their own. Of a request with series
    that cannot be taken the others are kept, and it is answered with 400, so that the sender
    does not send it again. Exemplars are accepted and not kept; the specification's "written"
    means accepted ("Glossary"), and an answer of success must not deny any.
    """

    name = "remote_write"
    media_types = frozenset({"application/x-protobuf"})
    encodings = frozenset({"snappy", "gzip", "zstd"})

    def __init__(self, decoder: RemoteWriteDecoder, accept: Accept) -> None:
        self._decoder = decoder
        self._accept = accept
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="remote-write")

    async def handle(self, request: Request) -> Reply:
        """Decode, make durable, answer."""
        version = version_of(request.headers.get("content-type", ""))
        if version is None:
            return plain_refusal(415, f"proto: one of {', '.join(filter(None, _VERSIONS))}")
        loop = asyncio.get_running_loop()
        try:
            decoded = await loop.run_in_executor(
                self._thread, self._decoder.decode, request.body, version
            )
        except RefusedWriteError as error:
            status = 413 if error.reason in {"too_large", "too_many_samples"} else 400
            return Reply(status, f"{error}\n".encode(), headers=_written(None))
        identity = request_id(request.body, request.source)
        await self._accept([(self._decoder.signal, decoded.batch)], identity)
        if decoded.problems:
            told = ", ".join(f"{count} {reason}" for reason, count in decoded.problems.items())
            return Reply(400, f"not written: {told}\n".encode(), headers=_written(decoded))
        return Reply(204, content_type="", headers=_written(decoded))

    def refusal(self, headers: Mapping[str, str], status: int, message: str) -> Reply:
        """A line of text, and that nothing was written.

        What may be sent again is answered with 503: at 429 Prometheus drops the samples, unless
        ``retry_on_http_429`` is set; at 5xx senders must try again (1.0, "Retries & Backoff").
        A body that is not in the encoding it names is 415 (RFC 9110 15.5.16), as the compliance
        suite asks where that is another than Snappy, and 400 where it is Snappy.
        """
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if status == 400 and encoding not in {"snappy", "identity"}:
            status = 415
        status = 503 if status == 429 else status
        return Reply(status, message.encode() + b"\n", headers=_written(None))


def version_of(content_type: str) -> int | None:
    """The version of the message that a content type names, 1.0 by default; None for others."""
    for parameter in content_type.split(";")[1:]:
        key, _, value = parameter.strip().partition("=")
        if key.strip().lower() == "proto":
            return _VERSIONS.get(value.strip().strip('"'))
    return V1


def _written(decoded: Decoded | None) -> dict[str, str]:
    return {
        _WRITTEN.format("Samples"): str(decoded.samples if decoded else 0),
        _WRITTEN.format("Histograms"): str(decoded.histograms if decoded else 0),
        _WRITTEN.format("Exemplars"): str(decoded.exemplars if decoded else 0),
    }
