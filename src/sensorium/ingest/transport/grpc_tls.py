"""TLS on the gRPC port: gRPC's own, 1.2 and 1.3 with forward secrecy; mutual where CAs are set."""

from __future__ import annotations

from typing import Any

from sensorium.errors import SensoriumError
from sensorium.ingest.transport.tls import Renewal, say_doubts
from sensorium.listening.tls_files import BYTE_ORDER_MARK, NamedFile, TlsFiles


class GrpcTls:
    """The credentials of a server, read again for new connections once the files have changed.

    UsageError where they cannot be used at the start: gRPC would say it only to its own log.
    """

    def __init__(self, files: TlsFiles, log: Any) -> None:
        self._files = files
        self._log = log
        self._renewal = Renewal(files, log)
        files.check()
        say_doubts(files, log)

    def server_credentials(self) -> Any:
        """For ``add_secure_port``; SensoriumError where a file has gone meanwhile."""
        import grpc

        return grpc.dynamic_ssl_server_credentials(
            self._read(), self._renewed, require_client_authentication=self._mutual
        )

    @property
    def _mutual(self) -> bool:
        return self._files.client_ca is not None

    def _renewed(self) -> Any:
        """Called by gRPC, in threads of its own, for each new connection; None: as before."""
        if not self._renewal.due():
            return None
        try:
            return self._read()
        except SensoriumError as error:  # it changed once more
            self._log.error(
                "a changed TLS certificate cannot be used; the old one stays", error=error.message
            )
            return None

    def _read(self) -> Any:
        import grpc

        pair = (_content(self._files.private_key), _content(self._files.certificate))
        authorities = None if self._files.client_ca is None else _content(self._files.client_ca)
        return grpc.ssl_server_certificate_configuration([pair], authorities)


def _content(named: NamedFile) -> bytes:
    """What gRPC's TLS takes: it stumbles over a byte order mark, which OpenSSL does not."""
    return named.read().removeprefix(BYTE_ORDER_MARK)
