"""ClickHouse's HTTP interface in front of an embedded engine, for tests.

No ClickHouse server can be had from PyPI or Debian, but its engine can: this process runs the
engine and speaks as much of the server's HTTP dialect as clickhouse-connect uses, so that the
store's server path is exercised on real SQL, real settings and real errors.

Run as ``python clickhouse_over_http.py FOLDER [PORT]``; prints its port. A ``POST
/lose-next-answer`` makes the next insert take effect and its answer get lost, as a broken
connection would.
"""

from __future__ import annotations

import re
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import chdb

TRANSPORT = {"query", "database", "compress", "decompress", "session_id", "query_id", "role"}
TRANSPORT |= {"client_protocol_version", "wait_end_of_query", "buffer_size"}
TRANSPORT |= {"send_progress_in_http_headers", "http_headers_progress_interval_ms"}
TRANSPORT |= {"enable_http_compression", "session_timeout", "session_check"}
INSERT = re.compile(r"^\s*(INSERT\s+INTO\s+.*?)\s+FORMAT\s+(\w+)\s*$", re.IGNORECASE | re.DOTALL)


class Handler(BaseHTTPRequestHandler):
    """One request, one session of the engine."""

    protocol_version = "HTTP/1.1"
    folder = ""
    lose_next_answer = False

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/lose-next-answer":
            Handler.lose_next_answer = True
            return self._answer(200, b"")
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        sql = given.get("query", "")
        try:
            answer = self._run(given, sql, body) if sql or body else b"Ok.\n"
        except RuntimeError as error:
            return self._answer(500, str(error).encode())
        if Handler.lose_next_answer and sql.lstrip().upper().startswith("INSERT"):
            Handler.lose_next_answer = False
            self.close_connection = True
            return None
        return self._answer(200, answer)

    def _run(self, given: dict[str, str], sql: str, body: bytes) -> bytes:
        connection = chdb.connect(self.folder)
        try:
            if given.get("database"):
                connection.query(f"USE `{given['database']}`")
            # A server takes all settings of a request at once; in a session readonly must be last.
            for name, value in sorted(given.items(), key=lambda item: item[0] == "readonly"):
                if name not in TRANSPORT and not name.startswith("param_"):
                    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
                    connection.query(f"SET {name} = '{quoted}'")
            params = {k[6:]: v for k, v in given.items() if k.startswith("param_")}
            insert = INSERT.match(sql)
            if insert and body:
                with tempfile.NamedTemporaryFile() as file:
                    file.write(body)
                    file.flush()
                    statement = f"{insert[1]} FROM INFILE '{file.name}' FORMAT {insert[2]}"
                    connection.query(statement)
                return b""
            text = (sql + "\n" + body.decode()) if sql else body.decode()
            return bytes(connection.query(text, "TabSeparated", params=params).bytes() or b"")
        finally:
            connection.close()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Server-Display-Name", "engine")
        if status != 200:
            code = re.search(rb"Code: (\d+)", body)
            self.send_header("X-ClickHouse-Exception-Code", code[1].decode() if code else "0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


def main() -> None:
    Handler.folder = str(Path(sys.argv[1]).resolve())
    keep_engine_alive = chdb.connect(Handler.folder)
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    finally:
        keep_engine_alive.close()


if __name__ == "__main__":
    main()
