"""NetFlow v1, v5 and v7: records of one form, written as templates of IANA's elements.

Cisco, "NetFlow Export Datagram Format" (NetFlow Services Solutions Guide, appendix B).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sensorium.ingest.netflow.registry.lookup import (
    V7_FLAGS,
    V7_MORE_FLAGS,
    V7_ROUTER,
    V9_SCOPE,
    Information,
    Type,
)
from sensorium.ingest.netflow.template import Field, Template

Where = tuple[int, int, Information]


class Form(NamedTuple):
    """What a protocol's records are, and what its header says before the first of them.

    ``header`` has bytes from the first record, width, and what it is.
    """

    template: Template
    header: tuple[Where, ...]


def _template(*fields: tuple[int, ...]) -> Template:
    return Template(tuple(Field(*field) for field in fields))


_UPTIME: Final = Information("sys_uptime", Type.UNSIGNED)
_COUNT: Final = Information("flow_records", Type.UNSIGNED)

_ENDS: Final = ((8, 4), (12, 4), (15, 4), (10, 2), (14, 2))
_COUNTERS: Final = ((2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2))
_ROUTES: Final = ((16, 2), (17, 2), (9, 1), (13, 1))

_V1: Final = Form(
    _template(*_ENDS, *_COUNTERS, (0, 2), (4, 1), (5, 1), (6, 1), (0, 3), (0, 4)),
    ((-12, 4, _UPTIME), (-14, 2, _COUNT)),
)
_V5: Final = Form(
    _template(*_ENDS, *_COUNTERS, (0, 1), (6, 1), (4, 1), (5, 1), *_ROUTES, (0, 2)),
    (
        (-4, 1, Information("engineType", Type.UNSIGNED)),
        (-3, 1, Information("engineId", Type.UNSIGNED)),
        (-2, 2, Information("samplingAlgorithm", Type.V5_SAMPLING_MODE)),
        (-20, 4, _UPTIME),
        (-22, 2, _COUNT),
    ),
)
_V7: Final = Form(
    _template(
        *(*_ENDS, *_COUNTERS, (V7_FLAGS, 1, V9_SCOPE), (6, 1), (4, 1), (5, 1), *_ROUTES),
        *((V7_MORE_FLAGS, 2, V9_SCOPE), (V7_ROUTER, 4, V9_SCOPE)),
    ),
    ((-20, 4, _UPTIME), (-22, 2, _COUNT)),
)

FORMS: Final = (_V1, _V5, _V7)
"""By protocol number."""
