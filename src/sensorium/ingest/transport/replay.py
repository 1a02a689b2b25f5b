"""Send a recording's original bytes over real sockets, in the order in which they arrived.

Flows and logs go by UDP, each datagram behind a PROXY protocol header that keeps its source and
arrival time; scrapes, planned changes and the end go by HTTP to the service's API.
"""

from __future__ import annotations

import json
import socket
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import httpx

from sensorium.errors import SensoriumError
from sensorium.ingest.transport.proxy_protocol import build_header

if TYPE_CHECKING:
    from sensorium.ingest.recording import Recording

# A loopback receiver with a kernel buffer of 4 MiB keeps up with this while it decodes.
DATAGRAMS_PER_SECOND: Final = 20_000
_BURST: Final = 64
_TRIES: Final = 20
_TOO_MANY: Final = 429
_UNUSABLE: Final = 422
_PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a recording is sent.

    ``ports`` maps recorded UDP ports to those of the receiver; a port not in it stays as it is.
    ``http_url`` is the service's base URL; without one only datagrams are sent.
    """

    host: str
    ports: Mapping[int, int] = field(default_factory=dict)
    http_url: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """What has been sent so far, of how much. ``time_ns`` is the network's time (Unix ns).

    ``refused`` are announcements of planned changes in which the service can use nothing.
    """

    time_ns: int
    fraction: float
    datagrams: int
    scrapes: int
    changes: int
    total_datagrams: int
    total_scrapes: int
    refused: int


@dataclass(frozen=True, slots=True, order=True)
class _Moment:
    """Something that is sent by HTTP at a moment of the recording."""

    time_ns: int
    path: str
    query: tuple[tuple[str, str | int], ...]
    content_type: str
    body: bytes


class _Pace:
    """Holds the sender back: to a multiple of real time, and to a rate nothing is lost at."""

    def __init__(self, started_ns: int, speed: float | None, per_second: float) -> None:
        self._started_ns = started_ns
        self._speed = speed
        self._per_second = per_second
        self._began = time.monotonic()
        self._allowed = self._began

    def wait(self, time_ns: int, datagrams: int) -> None:
        """Wait until ``datagrams`` of ``time_ns`` may be sent."""
        due = self._allowed
        if self._speed:
            due = max(due, self._began + (time_ns - self._started_ns) / 1e9 / self._speed)
        now = time.monotonic()
        if due > now:
            time.sleep(due - now)
        # Time that was not used is not made up for in a burst.
        self._allowed = max(self._allowed, time.monotonic()) + datagrams / self._per_second


def send_recording(
    recording: Recording,
    destination: Destination,
    *,
    speed: float | None = None,
    raw: bool = False,
    progress: Callable[[ReplayProgress], None] = lambda _: None,
    datagrams_per_second: float = DATAGRAMS_PER_SECOND,
) -> ReplayProgress:
    """Send everything and return what was sent.

    ``speed`` is a multiple of real time; without it, as fast as loses nothing over loopback. A
    scrape is sent when the datagrams before it have been, and the next ones wait for its answer.
    ``raw`` sends datagrams as they are and nothing else: to the receiver they come from this
    machine, now. SensoriumError when nobody listens or the service refuses.
    """
    with _Udp(destination, raw=raw) as udp, _Http(destination, raw=raw) as http:
        return _send(recording, udp, http, progress, speed, datagrams_per_second)


def _send(
    recording: Recording,
    udp: _Udp,
    http: _Http,
    progress: Callable[[ReplayProgress], None],
    speed: float | None,
    per_second: float,
) -> ReplayProgress:
    manifest = recording.manifest
    table = recording.datagrams()
    arrivals = table.column("arrival_ns").to_pylist()
    rows = zip(*(table.column(i).to_pylist() for i in range(table.num_columns)), strict=True)
    moments = sorted(_moments(recording)) if http.used else []
    span = max(manifest.ended_ns - manifest.started_ns, 1)
    pace = _Pace(manifest.started_ns, speed, per_second)
    sent = scrapes = changes = 0

    def tell(time_ns: int) -> ReplayProgress:
        fraction = min(max((time_ns - manifest.started_ns) / span, 0.0), 1.0)
        state = ReplayProgress(
            time_ns=time_ns,
            fraction=fraction,
            datagrams=sent,
            scrapes=scrapes,
            changes=changes,
            total_datagrams=len(arrivals),
            total_scrapes=manifest.scrapes,
            refused=http.refused,
        )
        progress(state)
        return state

    def datagrams_until(end: int) -> None:
        nonlocal sent
        while sent < end:
            burst = min(_BURST, end - sent)
            if speed:
                burst = max(1, bisect_right(arrivals, arrivals[sent], sent, sent + burst) - sent)
            pace.wait(arrivals[sent], burst)
            for _ in range(burst):
                udp.send(*next(rows))
            sent += burst
            tell(arrivals[sent - 1])

    changes += http.announce(recording)
    for moment in moments:
        datagrams_until(bisect_right(arrivals, moment.time_ns))
        pace.wait(moment.time_ns, 0)
        taken = http.post(moment.path, dict(moment.query), moment.content_type, moment.body)
        scrapes += moment.path == _SCRAPE
        changes += taken and moment.path == _DEPLOYMENTS
    datagrams_until(len(arrivals))
    pace.wait(manifest.ended_ns, 0)
    if http.used:
        http.post("replay/end", {"time_ns": manifest.ended_ns}, "text/plain", b"")
    return tell(manifest.ended_ns)


_SCRAPE: Final = "import/prometheus"
_DEPLOYMENTS: Final = "changes/deployments"


def _moments(recording: Recording) -> Iterator[_Moment]:
    for scrape in recording.scrapes().to_pylist():
        query = {
            "timestamp": scrape["time_ns"] // 1_000_000,
            **{k: scrape[k] for k in ("time_ns", "job", "instance", "status", "duration_ns")},
        }
        yield _Moment(
            scrape["time_ns"], _SCRAPE, tuple(query.items()), "text/plain", scrape["body"]
        )
    for line in recording.deployments().splitlines(keepends=True):
        at = max(_announced_ns(line), recording.manifest.started_ns)
        yield _Moment(at, _DEPLOYMENTS, (), "application/x-ndjson", line)


def _announced_ns(event: bytes) -> int:
    """When a release tool would have posted an event: once it finished, or else started."""
    try:
        values = json.loads(event)
        text = values.get("finished") or values.get("started")
        return round(datetime.fromisoformat(text).timestamp() * 1e9)
    except (ValueError, TypeError, AttributeError, OverflowError):
        # It is sent as it is: the receiver says what is wrong with it.
        return 0


class _Udp:
    """One connected socket per port, so that a port where nobody listens is noticed."""

    def __init__(self, destination: Destination, *, raw: bool) -> None:
        self._destination = destination
        self._raw = raw
        self._sockets: dict[int, socket.socket] = {}

    def __enter__(self) -> _Udp:
        return self

    def __exit__(self, *_: object) -> None:
        for opened in self._sockets.values():
            opened.close()

    def send(
        self, arrival_ns: int, src_addr: bytes, src_port: int, dst_port: int, payload: bytes
    ) -> None:
        """Send one recorded datagram."""
        if not self._raw:
            payload = build_header(src_addr, src_port, dst_port, arrival_ns) + payload
        port = self._destination.ports.get(dst_port, dst_port)
        try:
            (self._sockets.get(port) or self._open(port)).send(payload)
        except OSError as error:
            raise SensoriumError(
                f"cannot send to {self._destination.host} UDP port {port}: "
                f"{error.strerror or error}",
                unaffected="what was sent before stays where it is",
                next_step="start the service ('sensorium run') or give its ports with --port",
            ) from error

    def _open(self, port: int) -> socket.socket:
        family, kind, protocol, _, address = socket.getaddrinfo(
            self._destination.host, port, type=socket.SOCK_DGRAM
        )[0]
        opened = socket.socket(family, kind, protocol)
        self._sockets[port] = opened
        opened.connect(address)
        return opened


class _Http:
    """The service's API, asked again while it is busy."""

    def __init__(self, destination: Destination, *, raw: bool) -> None:
        self.used = bool(destination.http_url) and not raw
        self.refused = 0
        self._url = destination.http_url.rstrip("/")
        headers = {"Authorization": f"Bearer {destination.token}"} if destination.token else {}
        self._client = httpx.Client(
            base_url=f"{self._url}/api/v1/", headers=headers, timeout=_PATIENCE_S, trust_env=False
        )

    def __enter__(self) -> _Http:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def announce(self, recording: Recording) -> int:
        """Send the calendar and the cron tables: what was known before the recording began."""
        if not self.used:
            return 0
        calendar, taken = recording.calendar(), 0
        if calendar is not None:
            taken += self.post("changes/calendar", {}, "text/calendar", calendar)
        for host, table in recording.crontabs().items():
            taken += self.post("changes/crontab", {"host": host}, "text/plain", table)
        return taken

    def post(
        self, path: str, query: Mapping[str, str | int], content_type: str, body: bytes
    ) -> bool:
        """Send one body; wait and send it again while the service says it is behind.

        Whether it was taken. Planned changes that are no use are counted and end nothing: they
        were no use to the network that was recorded either.
        """
        for _ in range(_TRIES):
            try:
                response = self._client.post(
                    path, params=query, content=body, headers={"Content-Type": content_type}
                )
            except httpx.HTTPError as error:
                raise SensoriumError(
                    f"the service at {self._url} does not answer: {error}",
                    unaffected="what was sent before stays where it is",
                    next_step="start it ('sensorium run'), give its address with --http URL, or "
                    "send datagrams alone with --no-http",
                ) from error
            if response.status_code != _TOO_MANY:
                break
            time.sleep(_retry_after(response))
        if response.status_code == _UNUSABLE and path.startswith("changes/"):
            self.refused += 1
            return False
        if not response.is_success:
            raise SensoriumError(
                f"the service at {self._url} refused {path}: "
                f"{response.status_code} {response.text[:200]}",
                unaffected="what was sent before stays where it is",
                next_step="read its log; a token is given with --token",
            )
        return True


def _retry_after(response: httpx.Response) -> float:
    stated = response.headers.get("retry-after", "")
    return min(float(stated), 30.0) if stated.isascii() and stated.isdigit() else 1.0
