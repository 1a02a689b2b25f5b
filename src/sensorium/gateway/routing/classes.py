"""What each kind of failure means for routing."""

from __future__ import annotations

from typing import Final

from sensorium.gateway.failure import FailureKind

# The request itself is fine: another deployment, or the same a little later, may answer it.
TRANSIENT: Final = frozenset(
    {
        FailureKind.RATE_LIMITED,
        FailureKind.OVERLOADED,
        FailureKind.TIMEOUT,
        FailureKind.UNREACHABLE,
        FailureKind.SERVER_ERROR,
    }
)

# The deployment is set up wrongly or speaks nonsense: asking it again is useless,
# another may answer.
BROKEN: Final = frozenset(
    {FailureKind.UNAUTHENTICATED, FailureKind.NOT_FOUND, FailureKind.PROTOCOL}
)

# This request does not fit this model: only a model of another kind may answer it.
UNFIT: Final = frozenset({FailureKind.CONTEXT_TOO_LONG, FailureKind.CONTENT_FILTERED})

# What says something about the deployment rather than about the request.
COOLING: Final = TRANSIENT | BROKEN

# One such failure is enough to leave a deployment alone.
AT_ONCE: Final = frozenset({FailureKind.UNAUTHENTICATED, FailureKind.NOT_FOUND})
