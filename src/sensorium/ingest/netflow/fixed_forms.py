"""NetFlow v1, v5, v7 and v8: records of fixed forms, written as templates of IANA's elements.

Cisco, "NetFlow Export Datagram Format" (NetFlow Services Solutions Guide, appendix B); of v8 also
what flow-tools reads (ftlib.h).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sensorium.ingest.netflow.registry.lookup import (
    EXTRA_PACKETS,
    FLAGS,
    MORE_FLAGS,
    ROUTER,
    V9_SCOPE,
    Information,
    Type,
)
from sensorium.ingest.netflow.template import Field, Template

Where = tuple[int, int, Information]


class Form(NamedTuple):
    """What records are, and what its header says before the first of them.

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
        *(*_ENDS, *_COUNTERS, (FLAGS, 1, V9_SCOPE), (6, 1), (4, 1), (5, 1), *_ROUTES),
        *((MORE_FLAGS, 2, V9_SCOPE), (ROUTER, 4, V9_SCOPE)),
    ),
    ((-20, 4, _UPTIME), (-22, 2, _COUNT)),
)

# What an aggregation says of all its flows; packets and octets of a switch's are those of one.
_ALL: Final = ((3, 4), (2, 4), (1, 4), (22, 4), (21, 4))
_ONE: Final = _ALL[1:]
_AS, _PORTS, _INTERFACES = ((16, 2), (17, 2)), ((7, 2), (11, 2)), ((10, 2), (14, 2))
_PREFIXES: Final = ((44, 4), (45, 4), (13, 1), (9, 1))
_TOS, _PROTOCOL, _MARKED = (5, 1), (4, 1), (55, 1)
_SWITCH: Final = ((EXTRA_PACKETS, 4, V9_SCOPE), (ROUTER, 4, V9_SCOPE))
_AGGREGATED: Final = (
    (*_ALL, *_AS, *_INTERFACES),
    (*_ALL, _PROTOCOL, (0, 3), *_PORTS),
    (*_ALL, (44, 4), (9, 1), (0, 1), (16, 2), (10, 2), (0, 2)),
    (*_ALL, (45, 4), (13, 1), (0, 1), (17, 2), (14, 2), (0, 2)),
    (*_ALL, *_PREFIXES, (0, 2), *_AS, *_INTERFACES),
    ((12, 4), *_ONE, (14, 2), _TOS, _MARKED, *_SWITCH),
    ((12, 4), (8, 4), *_ONE, (14, 2), (10, 2), _TOS, _MARKED, (0, 2), *_SWITCH),
    (
        *((12, 4), (8, 4), (11, 2), (7, 2), *_ONE, (14, 2), (10, 2)),
        *(_TOS, _PROTOCOL, _MARKED, (0, 1), *_SWITCH),
    ),
    (*_ALL, *_AS, *_INTERFACES, _TOS, (0, 3)),
    (*_ALL, _PROTOCOL, _TOS, (0, 2), *_PORTS, *_INTERFACES),
    (*_ALL, (44, 4), (9, 1), _TOS, (16, 2), (10, 2), (0, 2)),
    (*_ALL, (45, 4), (13, 1), _TOS, (17, 2), (14, 2), (0, 2)),
    (*_ALL, *_PREFIXES, _TOS, (0, 1), *_AS, *_INTERFACES),
    (*_ALL, *_PREFIXES, _TOS, _PROTOCOL, *_PORTS, *_INTERFACES),
)
"""By aggregation: systems, protocol and ports, source prefix, destination prefix, both, a switch's
destinations, pairs and flows; then the first five with the type of service, and all together.
"""
_V8: Final = tuple(
    Form(
        _template(*fields),
        (
            (-8, 1, Information("engineType", Type.UNSIGNED)),
            (-7, 1, Information("engineId", Type.UNSIGNED)),
            (-6, 1, Information("aggregation", Type.UNSIGNED)),
            (-24, 4, _UPTIME),
            (-26, 2, _COUNT),
        ),
    )
    for fields in _AGGREGATED
)

FORMS: Final = (_V1, _V5, _V7, *_V8)
"""Those of NetFlow v8 last, in order of their aggregations."""
