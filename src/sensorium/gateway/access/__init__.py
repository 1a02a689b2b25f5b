"""Who may call: virtual keys and OIDC tokens, and what their owners may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.gateway.access.authentication import Access, open_access
    from sensorium.gateway.access.caller import Caller
    from sensorium.gateway.access.config import AccessConfig, OidcConfig
    from sensorium.gateway.access.directory import Directory
    from sensorium.gateway.access.roles import Role

__all__ = ["Access", "AccessConfig", "Caller", "Directory", "OidcConfig", "Role", "open_access"]

__getattr__ = lazy_names(
    __name__,
    authentication="Access open_access",
    caller="Caller",
    config="AccessConfig OidcConfig",
    directory="Directory",
    roles="Role",
)
