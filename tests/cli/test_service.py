from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from sensorium.cli import main
from sensorium.cli.service import Service
from sensorium.errors import SensoriumError, UsageError


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.headers.get("Authorization") != "Bearer t0ken":
            self.answer(401, {"detail": "token"})
        elif self.path.startswith("/api/v1/incidents/IN-none"):
            self.answer(404, {"detail": "there is no incident IN-none"})
        else:
            self.answer(200, {"path": self.path})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, {"path": self.path, "body": body})

    def answer(self, status: int, body: object) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_paths_are_below_the_api_and_carry_the_token(url: str) -> None:
    service = Service(url + "/", "t0ken")
    assert service.get("/incidents", limit=5) == {"path": "/api/v1/incidents?limit=5"}
    sent = service.post("/approvals/A-1/approve", {"actor": "me"})
    assert sent == {"path": "/api/v1/approvals/A-1/approve", "body": {"actor": "me"}}


def test_the_services_own_words_on_a_wrong_request_reach_the_person(url: str) -> None:
    with pytest.raises(UsageError, match=r"^there is no incident IN-none$"):
        Service(url, "t0ken").text("/incidents/IN-none/brief")


def test_a_missing_token_says_where_it_comes_from(url: str) -> None:
    with pytest.raises(UsageError, match="SENSORIUM__CONSOLE__TOKEN"):
        Service(url).get("/incidents")


def test_a_service_that_does_not_answer_is_an_error_for_people() -> None:
    with pytest.raises(SensoriumError, match="does not answer"):
        Service("http://127.0.0.1:9", timeout_s=1).get("/incidents")


def test_an_address_with_nobody_behind_it_is_not_taken_for_this_data_folders_service() -> None:
    result = CliRunner().invoke(main, ["exporters", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert "http://127.0.0.1:9 does not answer" in result.stderr
    assert "reads the files" not in result.stderr
