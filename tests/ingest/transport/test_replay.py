"""A recording sent over real sockets arrives as it was recorded, in its order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner

from sensorium.cli.replay import replay
from sensorium.errors import SensoriumError
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.recording import Recording, RecordingWriter
from sensorium.ingest.transport import (
    Destination,
    ReplayProgress,
    UdpConfig,
    UdpReceiver,
    send_recording,
)
from sensorium.model.address import pack_address
from sensorium.observe import Observe

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
ROUTER = pack_address("10.0.0.254")
HOST6 = pack_address("2001:db8::7")
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
DEPLOYMENT = (
    b'{"id":"d1","service":"shop","host":"app1","started":"2023-11-14T22:13:22Z",'
    b'"finished":"2023-11-14T22:13:25+00:00"}\n'
)


@dataclass
class Service:
    """A receiver and an HTTP server that write down what comes, in one list."""

    receiver: UdpReceiver
    url: str = ""
    seen: list[tuple[object, ...]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    token: str = ""

    def datagrams(self, slab: Datagrams) -> None:
        for i in range(len(slab)):
            source = slab.src_addr[i].tobytes()
            ports = (int(slab.src_port[i]), int(slab.dst_port[i]))
            self.seen.append(("udp", int(slab.arrival_ns[i]), source, *ports, slab.payload(i)))

    def post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        # As the service does: what was sent by UDP before comes before.
        self.receiver.drain()
        if self.token and headers.get("authorization") != f"Bearer {self.token}":
            return 401
        status = self.answers.pop(0) if self.answers else 204
        if status == 204:
            parts = urlsplit(path)
            query = dict(parse_qsl(parts.query))
            self.seen.append((parts.path, query, headers["content-type"], body))
        return status


@pytest.fixture
def service() -> Iterator[Service]:
    def deliver(slab: Datagrams) -> None:
        state.datagrams(slab)

    config = UdpConfig(host="127.0.0.1", ports=(0, 0))
    state = Service(UdpReceiver(config, deliver, Observe(), clock_ns=time.time_ns))
    state.receiver.bind()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(state.post(self.path, headers, body))
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ticks = iter([START, START + 10 * SECOND])
    with RecordingWriter(tmp_path, "brook", clock_ns=lambda: next(ticks)) as writer:
        for i in range(100):
            at = START + i * SECOND // 10
            writer.datagram(at, ROUTER, 4000, 2055, b"flow %d" % i)
        writer.datagram(START + 5 * SECOND, HOST6, 514, 5514, b"<13>hello")
        for second, status in ((1, 200), (6, 0)):
            writer.scrape(
                START + second * SECOND,
                "node",
                "10.0.0.9:9100",
                status=status,
                duration_ns=17,
                body=b"up_since 1\n",
            )
        writer.calendar(CALENDAR)
        writer.deployments(DEPLOYMENT)
        writer.crontab("web1", b"0 1 * * * root true\n")
    return tmp_path


def destination(service: Service, **changes: object) -> Destination:
    flows, logs = service.receiver.ports
    values = {"ports": {2055: flows, 5514: logs}, "http_url": service.url, **changes}
    return Destination("127.0.0.1", **values)  # type: ignore[arg-type]


def test_every_byte_arrives_with_its_source_and_time(service: Service, folder: Path) -> None:
    sent = send_recording(Recording.open(folder), destination(service))
    table = Recording.open(folder).datagrams().to_pylist()
    expected = sorted(("udp", *row.values()) for row in table)
    assert sorted(s for s in service.seen if s[0] == "udp") == expected
    assert (sent.datagrams, sent.scrapes, sent.changes) == (101, 2, 3)


def test_what_goes_by_http_keeps_its_place_among_the_datagrams(
    service: Service, folder: Path
) -> None:
    send_recording(Recording.open(folder), destination(service))
    posts = [s for s in service.seen if s[0] != "udp"]
    assert posts == [
        ("/api/v1/changes/calendar", {}, "text/calendar", CALENDAR),
        ("/api/v1/changes/crontab", {"host": "web1"}, "text/plain", b"0 1 * * * root true\n"),
        ("/api/v1/import/prometheus", query(1, 200), "text/plain", b"up_since 1\n"),
        ("/api/v1/changes/deployments", {}, "application/x-ndjson", DEPLOYMENT),
        ("/api/v1/import/prometheus", query(6, 0), "text/plain", b"up_since 1\n"),
        (
            "/api/v1/replay/end",
            {"time_ns": str(START + 10 * SECOND)},
            "text/plain",
            b"",
        ),
    ]
    before = [
        sum(s[0] == "udp" for s in service.seen[: service.seen.index(post)]) for post in posts
    ]
    assert before == [0, 0, 11, 52, 62, 101]


def query(second: int, status: int) -> dict[str, str]:
    time_ns = START + second * SECOND
    return {
        "timestamp": str(time_ns // 1_000_000),
        "time_ns": str(time_ns),
        "job": "node",
        "instance": "10.0.0.9:9100",
        "status": str(status),
        "duration_ns": "17",
    }


def test_raw_datagrams_come_from_here_and_now_and_alone(service: Service, folder: Path) -> None:
    began_ns = time.time_ns()
    sent = send_recording(Recording.open(folder), destination(service), raw=True)
    service.receiver.drain()
    assert {s[0] for s in service.seen} == {"udp"}
    assert all(began_ns <= s[1] <= time.time_ns() for s in service.seen)
    assert {s[2] for s in service.seen} == {pack_address("127.0.0.1")}
    assert (sent.datagrams, sent.scrapes, sent.changes) == (101, 0, 0)


def test_speed_is_a_multiple_of_real_time(service: Service, folder: Path) -> None:
    began = time.monotonic()
    send_recording(Recording.open(folder), destination(service), speed=20.0)
    assert 0.5 <= time.monotonic() - began < 2.0


def test_progress_goes_from_none_to_all(service: Service, folder: Path) -> None:
    states: list[ReplayProgress] = []
    send_recording(Recording.open(folder), destination(service), progress=states.append)
    fractions = [state.fraction for state in states]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert (states[-1].datagrams, states[-1].total_datagrams) == (101, 101)


def test_a_service_that_is_behind_is_asked_again(service: Service, folder: Path) -> None:
    service.answers = [204, 204, 429, 429]
    sent = send_recording(Recording.open(folder), destination(service))
    assert sent.scrapes == 2
    assert sum(s[0] == "/api/v1/import/prometheus" for s in service.seen) == 2


def test_announcements_of_no_use_are_counted_and_end_nothing(
    service: Service, folder: Path
) -> None:
    service.answers = [422, 204, 204, 422]  # the calendar, a cron table, a scrape, a deployment
    sent = send_recording(Recording.open(folder), destination(service))
    assert (sent.datagrams, sent.scrapes, sent.changes, sent.refused) == (101, 2, 1, 2)


def test_a_refusal_is_told(service: Service, folder: Path) -> None:
    service.token = "secret"
    with pytest.raises(SensoriumError, match="refused changes/calendar: 401"):
        send_recording(Recording.open(folder), destination(service))
    send_recording(Recording.open(folder), destination(service, token="secret"))


def test_a_port_where_nobody_listens_is_told(service: Service, folder: Path) -> None:
    there = destination(service, http_url="", ports={2055: 1, 5514: 1})
    with pytest.raises(SensoriumError, match=r"cannot send to 127.* UDP port 1"):
        send_recording(Recording.open(folder), there)


def test_a_service_that_does_not_answer_is_told(service: Service, folder: Path) -> None:
    with pytest.raises(SensoriumError, match="does not answer"):
        send_recording(Recording.open(folder), destination(service, http_url="http://127.0.0.1:1"))


def command(service: Service, folder: Path, *more: str) -> list[str]:
    flows, logs = service.receiver.ports
    ports = [f"--port=2055={flows}", f"--port=5514={logs}"]
    return [str(folder), *ports, f"--http={service.url}", *more]


def test_the_command_says_what_it_sent(service: Service, folder: Path) -> None:
    result = CliRunner().invoke(replay, command(service, folder))
    assert result.exit_code == 0, result.output
    assert "replaying brook: 100 %, 101/101 datagrams, 2/2 scrapes" in result.stderr
    assert "sent 101 datagrams, 2 scrapes and 3 announcements of brook to 127" in result.stderr
    assert result.stdout == ""


def test_the_command_refuses_what_makes_no_sense(service: Service, folder: Path) -> None:
    result = CliRunner().invoke(replay, [str(folder), "--port", "banana"])
    assert result.exit_code == 2
    assert "is not like 5514=1514" in result.stderr
    (folder / "manifest.json").unlink()
    result = CliRunner().invoke(replay, [str(folder)])
    assert isinstance(result.exception, SensoriumError)
