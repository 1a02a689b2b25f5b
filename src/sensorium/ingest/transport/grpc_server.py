"""The port for telemetry over gRPC, as a running part."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.acceptance import NoRoomError
from sensorium.ingest.transport.grpc_call import Call, Details, Method, RefusedCallError
from sensorium.ingest.transport.grpc_config import GrpcConfig
from sensorium.ingest.transport.grpc_tls import GrpcTls
from sensorium.ingest.transport.networks import SourceNetworks
from sensorium.listening.binding import authority_of, bound
from sensorium.model.address import UNSPECIFIED, V4_PREFIX

if TYPE_CHECKING:
    from sensorium.observe import Observe

_STOP_S: Final = 5.0
_COME_AGAIN_S: Final = 1.0
_EVERYWHERE: Final = ("0.0.0.0/0", "::/0")
_HEAD_BYTES: Final = 16_384
_HANDSHAKE_MS: Final = 10_000
_OK, _PERMISSION_DENIED, _RESOURCE_EXHAUSTED, _INTERNAL, _UNAUTHENTICATED = 0, 7, 8, 13, 16


class GrpcReceiver:
    """Serves methods (``/package.Service/Method``) on one port, known after :meth:`bind`.

    Messages pass through as bytes. The steps of ``prepare`` run once in another thread before the
    port opens.
    """

    name = "grpc_ingest"

    def __init__(
        self,
        config: GrpcConfig,
        methods: Mapping[str, Method],
        observe: Observe,
        *,
        clock_ns: Callable[[], int],
        details: Details,
        prepare: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._config = config
        self._methods = dict(methods)
        self._clock_ns = clock_ns
        self._details = details
        self._prepare = tuple(prepare)
        self._allowed = SourceNetworks(config.allowed_networks or _EVERYWHERE)
        self._token = b""
        self._tls: GrpcTls | None = None
        self._calls = self._held = 0
        self._serving = False
        self.port = 0
        self._authority = ""
        self._log = observe.logger(self.name)
        self._answered = observe.counter(
            "sensorium_grpc_ingest_calls",
            "Calls answered on the gRPC port for telemetry, by method and status code's number",
            ("method", "code"),
        )
        self._bytes = observe.counter(
            "sensorium_grpc_ingest_bytes",
            "Bytes of messages taken in over gRPC, decompressed, by method",
            ("method",),
        )
        self._in_hand = observe.gauge(
            "sensorium_grpc_ingest_held_bytes", "Bytes of gRPC messages that are in hand"
        )

    def bind(self) -> None:
        """Read the token and the certificates and find the port free.

        SensoriumError where one of them cannot be had.
        """
        config = self._config
        if self.port or not config.enabled:
            return
        try:
            token = config.bearer_token()
        except OSError as error:
            raise SensoriumError(
                f"the token for telemetry over gRPC cannot be read: {error}",
                unaffected="nothing was started",
                next_step="write it to the file that ingest.grpc.token_file names",
            ) from error
        files = config.tls_files("ingest.grpc")
        if files is not None:
            self._tls = GrpcTls(files, self._log)
        self._token = f"Bearer {token}".encode() if token else b""
        # gRPC opens the port itself, later, and would not say who has it.
        self._authority = _free_authority(config)
        self.port = int(self._authority.rpartition(":")[2])
        self._warn_if_open(token)

    def health(self) -> Health:
        """OK while connections are accepted."""
        if not self._config.enabled:
            return Health(HealthState.OK, "not enabled")
        if not self._serving:
            return Health(HealthState.STARTING)
        return Health(HealthState.OK, f"listening on {self._config.host} port {self.port}")

    async def run(self) -> None:
        """Serve until cancelled; calls under way are given five seconds to end."""
        self.bind()
        if not self.port:
            await asyncio.Event().wait()
        for step in self._prepare:
            await asyncio.to_thread(step)
        server = self._server()
        await server.start()
        self._serving = True
        self._log.info("listening", host=self._config.host, port=self.port)
        try:
            await asyncio.Event().wait()
        finally:
            self._serving = False
            await server.stop(_STOP_S)

    def _server(self) -> Any:
        import grpc

        config = self._config
        server = grpc.aio.server(
            options=(
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", config.max_message_bytes),
                ("grpc.max_metadata_size", _HEAD_BYTES),
                ("grpc.max_concurrent_streams", config.max_calls),
                ("grpc.max_allowed_incoming_connections", config.max_connections),
                ("grpc.server_handshake_timeout_ms", _HANDSHAKE_MS),
                ("grpc.keepalive_time_ms", 60_000),
                # Who is silent is asked too: a peer that has died would else stay for ever.
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.max_ping_strikes", 4),
            )
        )
        for path, method in self._methods.items():
            service, name = path.strip("/").split("/")
            handler = grpc.unary_unary_rpc_method_handler(self._handler(path, method))
            server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, {name: handler}),)
            )
        try:
            with _ipv4_alone(self._authority, self.port):
                if self._tls is not None:
                    server.add_secure_port(self._authority, self._tls.server_credentials())
                else:
                    server.add_insecure_port(self._authority)
        except RuntimeError as error:
            # It was free at the start. gRPC says why in its own log alone.
            raise _cannot_listen(
                *(config.host, self.port, "it was taken since the start"),
                unaffected="the other ports take telemetry; this one is tried again",
            ) from error
        return server

    def _handler(self, path: str, method: Method) -> Callable[[bytes, Any], Awaitable[bytes]]:
        name = path.rsplit("/", 1)[0].rsplit(".", 1)[-1]

        async def answer(message: bytes, context: Any) -> bytes:
            try:
                reply = await self._answer(method, message, context, name)
            except RefusedCallError as refused:
                self._answered.labels(name, str(refused.code)).inc()
                await self._abort(context, refused)
                raise
            self._answered.labels(name, str(_OK)).inc()
            return reply

        return answer

    async def _answer(self, method: Method, message: bytes, context: Any, name: str) -> bytes:
        source = packed_peer(context.peer())
        self._check_sender(source, context.invocation_metadata())
        over = self._held + len(message) > self._config.max_held_bytes
        if over or self._calls >= self._config.max_calls:
            raise RefusedCallError(_RESOURCE_EXHAUSTED, "too much in hand", _COME_AGAIN_S)
        self._calls += 1
        self._held += len(message)
        self._in_hand.set(self._held)
        self._bytes.labels(name).inc(len(message))
        try:
            return await method(Call(message, source, self._clock_ns()))
        except RefusedCallError:
            raise
        except NoRoomError as error:
            wait_s = max(error.retry_after_s, 0.001)
            raise RefusedCallError(_RESOURCE_EXHAUSTED, error.message, wait_s) from error
        except Exception as error:
            self._log.error(
                "a call failed here; it was not acknowledged and others are not affected",
                method=name,
                error=str(error),
                exc_info=True,
            )
            raise RefusedCallError(_INTERNAL, "an error here; see the log") from error
        finally:
            self._calls -= 1
            self._held -= len(message)
            self._in_hand.set(self._held)

    def _check_sender(self, source: bytes, metadata: Any) -> None:
        if source not in self._allowed:
            raise RefusedCallError(_PERMISSION_DENIED, "this address may not send here")
        if not self._token:
            return
        shown = next((value for key, value in metadata or () if key == "authorization"), "")
        if not hmac.compare_digest(str(shown).encode("utf-8", "replace"), self._token):
            raise RefusedCallError(
                _UNAUTHENTICATED, "send the token as 'authorization: Bearer ...'"
            )

    async def _abort(self, context: Any, refused: RefusedCallError) -> None:
        import grpc

        code = next(one for one in grpc.StatusCode if one.value[0] == refused.code)
        trailing = self._details(refused.code, refused.message, refused.retry_after_s)
        await context.abort(code, refused.message, trailing_metadata=trailing)

    def _warn_if_open(self, token: str) -> None:
        config = self._config
        if config.host in {"127.0.0.1", "::1", "localhost"}:
            return
        if not (token or config.tls_client_ca or config.allowed_networks):
            self._log.warning(
                "anybody who reaches this port can send telemetry; set ingest.grpc.token_file, "
                "tls_client_ca or allowed_networks",
                host=config.host,
            )
        elif token and not config.tls_certificate:
            self._log.warning(
                "the token travels in clear; set ingest.grpc.tls_certificate", host=config.host
            )


def packed_peer(peer: str) -> bytes:
    """The address of ``ipv4:192.0.2.1:555`` or ``ipv6:[2001:db8::1]:555`` as 16 bytes."""
    family, _, rest = unquote(peer).partition(":")
    host = rest.rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        if family == "ipv4":
            return V4_PREFIX + socket.inet_pton(socket.AF_INET, host)
        return socket.inet_pton(socket.AF_INET6, host) if family == "ipv6" else UNSPECIFIED
    except OSError:
        return UNSPECIFIED


@contextlib.contextmanager
def _ipv4_alone(authority: str, port: int) -> Iterator[None]:
    """Keeps gRPC, which takes ``0.0.0.0`` for ``::`` as well, from opening the port to IPv6.

    It listens on IPv4 alone where the port of IPv6 is taken when it comes, so it is, meanwhile.
    """
    with contextlib.ExitStack() as taken:
        if authority.startswith("0.0.0.0:"):
            with contextlib.suppress(OSError):  # no IPv6 here, or another program has the port
                other = taken.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_STREAM))
                other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                other.bind(("::", port))
        yield


def _free_authority(config: GrpcConfig) -> str:
    try:
        with bound(config.host, config.port) as probe:
            return authority_of(probe)
    except OSError as error:
        raise _cannot_listen(
            *(config.host, config.port, error.strerror or str(error)),
            unaffected="nothing was started",
        ) from error


def _cannot_listen(host: str, port: int, why: str, *, unaffected: str) -> SensoriumError:
    return SensoriumError(
        f"cannot listen on TCP {host} port {port}: {why}",
        unaffected=unaffected,
        next_step="stop what uses the port (ss -tlnp), set another ingest.grpc.port, or "
        "ingest.grpc.enabled to false",
    )
