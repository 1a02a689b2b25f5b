"""``/admin/...``: organisations, teams, users, keys, limits and spend, over HTTP.

Who may do what, and to whom, is decided by the directory from the table of roles, for every request
and field; nothing of it is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import orjson

from sensorium.errors import UsageError
from sensorium.gateway.access.permission import NotAllowedError
from sensorium.gateway.access.records import Key, Kind
from sensorium.gateway.access.roles import Field, Reach, Role, Route, reach_on
from sensorium.gateway.calls.rejection import RejectedError
from sensorium.gateway.ledger.limits import Limit, Period
from sensorium.gateway.ledger.spend import By, Only

if TYPE_CHECKING:
    from sensorium.gateway.access import Caller, Directory
    from sensorium.gateway.access.directory import Made
    from sensorium.gateway.door.door import Handler, Request
    from sensorium.gateway.door.entrance import Entrance
    from sensorium.gateway.ledger.spend import Spend

# A century: what is longer is no number of seconds.
_LONGEST_S: Final = 100 * 366 * 86_400.0

Said = Mapping[str, Any]
Work = Callable[["Caller", Said], Any]


class Admin:
    """Each handler runs in a thread, as the directory waits for its database."""

    def __init__(self, directory: Directory, spend: Spend, entrance: Entrance) -> None:
        self._directory = directory
        self._spend_of = spend
        self._entrance = entrance

    def routes(self) -> dict[str, dict[str, Handler]]:
        """Every path with its methods, each with the fields that it knows."""
        handler = self._handler
        directory, keys = Route.READ_DIRECTORY, Route.MANAGE_KEYS
        return {
            "/admin/subjects": {
                "GET": handler(directory, self._subjects, "kind"),
                "POST": handler(
                    directory, self._create, "kind name parent_id role allowed_models privacy"
                ),
            },
            "/admin/subjects/change": {"POST": handler(directory, self._change, "id field value")},
            "/admin/keys": {
                "GET": handler(directory, self._keys, ""),
                "POST": handler(
                    keys, self._create_key, "owner_id name role allowed_models expires_ns privacy"
                ),
            },
            "/admin/keys/rotate": {"POST": handler(keys, self._rotate, "id overlap_s")},
            "/admin/keys/revoke": {"POST": handler(keys, self._revoke, "id")},
            "/admin/spend": {"GET": handler(Route.READ_SPEND, self._spend, "by since_ns until_ns")},
            "/admin/limits": {
                "PUT": handler(
                    directory,
                    self._limit,
                    "scope budget period requests_per_minute tokens_per_minute concurrency",
                )
            },
        }

    def _handler(self, route: Route, work: Work, fields: str) -> Handler:
        known = frozenset(fields.split())

        async def handle(request: Request) -> None:
            caller = await self._entrance.caller(request, route)
            if request.method == "GET":
                query = parse_qs(request.scope["query_string"].decode("latin-1"))
                said: Said = {name: values[-1] for name, values in query.items()}
            else:
                said = await self._entrance.json(request)
            if not known.issuperset(said):
                raise _unknown(said, known)
            try:
                found = await asyncio.to_thread(work, caller, said)
            except NotAllowedError as error:
                raise RejectedError(403, "role_denied", error.message) from None
            except (UsageError, ValueError) as error:
                raise RejectedError(400, "invalid_request", str(error)) from None
            except (KeyError, TypeError) as error:
                message = f"The field {error} is missing, or is not what it should be."
                raise RejectedError(400, "invalid_request", message) from None
            await request.answer(200, orjson.dumps(found, default=_plain))

        return handle

    def _subjects(self, actor: Caller, said: Said) -> Any:
        kind = Kind(said["kind"]) if "kind" in said else None
        return [asdict(one) for one in self._directory.subjects(actor, kind)]

    def _create(self, actor: Caller, said: Said) -> Any:
        made = self._directory.create(
            actor,
            Kind(said["kind"]),
            text(said, "name"),
            parent_id=text(said, "parent_id", ""),
            role=Role(said.get("role", Role.MEMBER)),
            allowed_models=names(said, "allowed_models"),
            privacy=text(said, "privacy", ""),
        )
        return asdict(made)

    def _change(self, actor: Caller, said: Said) -> Any:
        field, value = Field(said["field"]), said["value"]
        if field is Field.ALLOWED_MODELS:
            value = names(said, "value")
        elif field is not Field.DISABLED:
            value = text(said, "value")
        elif not isinstance(value, bool):  # "false" would switch it off
            raise ValueError("value is true or false")
        self._directory.change(actor, text(said, "id"), field, value)
        return {"changed": said["id"]}

    def _keys(self, actor: Caller, said: Said) -> Any:
        return [_shown(one) for one in self._directory.keys(actor)]

    def _create_key(self, actor: Caller, said: Said) -> Any:
        made = self._directory.create_key(
            actor,
            text(said, "owner_id"),
            text(said, "name"),
            role=Role(said["role"]) if "role" in said else None,
            allowed_models=names(said, "allowed_models"),
            expires_ns=whole(said, "expires_ns") or 0,
            privacy=text(said, "privacy", ""),
        )
        return _made(made)

    def _rotate(self, actor: Caller, said: Said) -> Any:
        overlap_s = said.get("overlap_s", 0)
        if type(overlap_s) not in (int, float) or not 0 <= overlap_s < _LONGEST_S:
            raise ValueError("overlap_s is a number of seconds")
        return _made(self._directory.rotate_key(actor, text(said, "id"), float(overlap_s)))

    def _revoke(self, actor: Caller, said: Said) -> Any:
        self._directory.revoke_key(actor, text(said, "id"))
        return {"revoked": said["id"]}

    def _spend(self, actor: Caller, said: Said) -> Any:
        since, until = int(said.get("since_ns", 0)), int(said.get("until_ns", 0))
        by = By(said.get("by", By.TEAM))
        return [asdict(one) for one in self._spend_of.by(by, since, until, seen_by(actor))]

    def _limit(self, actor: Caller, said: Said) -> Any:
        limit = Limit(
            budget=whole(said, "budget"),
            period=Period(said.get("period", Period.TOTAL)),
            requests_per_minute=whole(said, "requests_per_minute"),
            tokens_per_minute=whole(said, "tokens_per_minute"),
            concurrency=whole(said, "concurrency"),
        )
        self._directory.set_limit(actor, text(said, "scope"), limit)
        return {"scope": said["scope"], **asdict(limit)}


def _unknown(said: Said, known: frozenset[str]) -> RejectedError:
    """Why a request is refused that has a field too many.

    Passed over, a misspelt bound would be none: a key without an end, a scope without a budget.
    """
    name = next(one for one in said if one not in known)[:100]
    words = f"known are {', '.join(sorted(known))}" if known else "there are none"
    return RejectedError(
        400, "invalid_request", f"There is no field '{name}' here; {words}.", param=name
    )


def seen_by(actor: Caller) -> Only:
    """Whose spend somebody may see; ``NotAllowedError`` where it is nobody's.

    An empty name would stand for everybody, so whoever has none where their reach ends sees none.
    """
    reach, mine = reach_on(actor.roles, Route.READ_SPEND), actor.scopes
    if reach is Reach.ALL:
        return Only()
    if reach is Reach.ORGANISATION and mine.organisation_id:
        return Only(organisation_id=mine.organisation_id)
    if reach is Reach.TEAM and mine.team_id:
        return Only(team_id=mine.team_id)
    if reach is Reach.OWN and mine.user_id:
        return Only(user_id=mine.user_id)
    raise NotAllowedError("this role may not read spend there")


def text(said: Said, name: str, default: str | None = None) -> str:
    """A text of the request; ``ValueError`` where it is something else."""
    value = said[name] if default is None else said.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text")
    return value


def names(said: Said, name: str) -> tuple[str, ...] | None:
    """A list of texts, None where nothing is said."""
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{name} is a list of texts, or null")
    return tuple(value)


def whole(said: Said, name: str) -> int | None:
    """A whole number from 0, None where nothing is said."""
    value = said.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{name} is a whole number, or null")
    return value


def _made(made: Made) -> dict[str, Any]:
    return {"key": made.secret.text, **_shown(made.key)}


def _shown(key: Key) -> dict[str, Any]:
    """A key without its hash, which nobody has a use for."""
    shown = asdict(key)
    del shown["hash"]
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)
