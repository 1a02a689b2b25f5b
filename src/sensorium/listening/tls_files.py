"""The files a TLS server is set up from: whether they can be used, and what is doubtful of them.

OpenSSL is the judge of what can be used; where it says no, the files are read once more to say
why in words. The same words come before a start (``sensorium config check``) and at it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sensorium.errors import UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_SOON: Final = timedelta(days=14)
_GLUED: Final = re.compile(rb"-----END [A-Z0-9 ]+-----[ \t]*-----BEGIN ")
_LABEL: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")


class NamedFile(NamedTuple):
    """A file and the setting that names it."""

    setting: str
    path: str

    def read(self) -> bytes:
        """All that is in it. UsageError where it cannot be read."""
        try:
            return Path(self.path).read_bytes()
        except OSError as error:
            raise self.unusable(f"cannot be read: {error.strerror or error}") from error

    def unusable(self, why: str, next_step: str = "") -> UsageError:
        """The error that says why it is of no use."""
        return UsageError(
            f"{self.setting}: {self.path} {why}",
            unaffected="nothing was started or changed",
            next_step=next_step or f"mend the file, or name another as {self.setting}",
        )


class _PassphraseError(ValueError):
    """A key asks for its passphrase."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A server's certificate with its chain, its key, and whose clients it takes; all PEM."""

    certificate: NamedFile
    private_key: NamedFile
    client_ca: NamedFile | None = None

    def named(self) -> tuple[NamedFile, ...]:
        """All of them."""
        own = (self.certificate, self.private_key)
        return own if self.client_ca is None else (*own, self.client_ca)

    def check(self) -> None:
        """UsageError, which says what is wrong with which file, where they cannot be used."""
        for named in self.named():
            named.read()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            load_chain(context, self)
        except _PassphraseError as error:
            raise self.private_key.unusable(
                "is encrypted with a passphrase, which a service cannot ask for",
                f"write it without: openssl pkey -in {self.private_key.path} -out plain.key, "
                "readable by the service only",
            ) from error
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise self._why_no_pair(error) from error
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca.path)
            except (OSError, ValueError) as error:
                raise _why_none(self.client_ca, "certificate", error) from error

    def _why_no_pair(self, error: Exception) -> UsageError:
        found = _certificates(self.certificate)
        if not found:
            return _why_none(self.certificate, "certificate", error)
        public = _public_key(self.private_key)
        if public is None:
            return _why_none(self.private_key, "private key", error)
        owners = [_is_of(public, one) for one in found]
        if owners[0]:
            return _why_none(self.certificate, "certificate", error)
        if any(owners):
            return self.certificate.unusable(
                f"is in the wrong order: the key {self.private_key.path} belongs to certificate "
                f"{owners.index(True) + 1} in it, which must be the first",
            )
        return self.private_key.unusable(
            f"does not belong to the certificate in {self.certificate.path}",
            "name the key that the certificate was made for",
        )

    def doubts(self, now: datetime) -> Iterator[str]:
        """What lets a server start, and peers turn away: what has expired or is out of order.

        Nothing of files that :meth:`check` refuses.
        """
        chain = _certificates(self.certificate)
        for place, one in enumerate(chain):
            which = "the certificate" if place == 0 else f"certificate {place + 1}"
            if said := _validity(one, now):
                yield f"{self.certificate.setting}: {which} in {self.certificate.path} {said}"
        for place, (one, signer) in enumerate(pairwise(chain), 1):
            if one.issuer != signer.subject:
                yield (
                    f"{self.certificate.setting}: the chain in {self.certificate.path} is out of "
                    f"order: certificate {place + 1} did not sign certificate {place}, and some "
                    "peers refuse that"
                )
        authorities = _certificates(self.client_ca) if self.client_ca else []
        if (
            self.client_ca
            and authorities
            and all(one.not_valid_after_utc < now for one in authorities)
        ):
            last = max(one.not_valid_after_utc for one in authorities)
            yield (
                f"{self.client_ca.setting}: every authority in {self.client_ca.path} has expired, "
                f"the last on {last:%Y-%m-%d}: no peer is let in by it"
            )

    def stamp(self) -> tuple[int, ...]:
        """Changes when one of the files does; empty where one cannot be looked at."""
        try:
            found = [Path(named.path).stat() for named in self.named()]
        except OSError:
            return ()
        return tuple(
            number for one in found for number in (one.st_mtime_ns, one.st_size, one.st_ino)
        )


def load_chain(context: ssl.SSLContext, files: TlsFiles) -> None:
    """Load certificate and key; ValueError in place of a question for a passphrase."""
    context.load_cert_chain(files.certificate.path, files.private_key.path, password=_nobody_to_ask)


def _nobody_to_ask() -> str:
    raise _PassphraseError("the key has a passphrase")


def _why_none(named: NamedFile, wanted: str, error: Exception) -> UsageError:
    """Why a file has no certificate or key that can be used, as far as its bytes tell."""
    content = named.read()
    kinds = [label.decode() for label in _LABEL.findall(content)]
    if not content.strip():
        return named.unusable("is empty")
    if content.startswith(_UTF_16):
        return named.unusable("is UTF-16 text", "write it as plain text: PEM is ASCII")
    if not kinds:
        step = "PEM begins with -----BEGIN; openssl x509 -inform der, or openssl pkcs12, writes it"
        return named.unusable(f"is not PEM and holds no {wanted}", step)
    if _GLUED.search(content):
        return named.unusable(
            "has two parts on one line", "put a line end after each -----END ...-----"
        )
    if not any(kind.endswith(wanted.upper()) for kind in kinds):
        return named.unusable(f"holds no {wanted}, but {' and '.join(sorted(set(kinds))).lower()}")
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return named.unusable(f"is refused by OpenSSL: {str(reason).replace('_', ' ').lower()}")


def _certificates(named: NamedFile) -> list[Certificate]:
    """Those of a file, in order; none where they cannot be read."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(named.read().removeprefix(BYTE_ORDER_MARK))
    except (UsageError, ValueError):
        return []


def _public_key(named: NamedFile) -> Any:
    """The public half of the key in a file; None where there is none that can be read."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        content = named.read().removeprefix(BYTE_ORDER_MARK)
        return load_pem_private_key(content, password=None).public_key()
    except (UsageError, ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _is_of(public: Any, certificate: Certificate) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return bool(certificate.public_key() == public)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _validity(certificate: Certificate, now: datetime) -> str:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if ends < now:
        return f"expired on {ends:%Y-%m-%d}: peers that check it refuse it; renew it"
    if begins > now:
        return f"is not valid before {begins:%Y-%m-%d %H:%M} UTC: is the clock right?"
    return f"expires on {ends:%Y-%m-%d}: renew it" if ends < now + _SOON else ""
