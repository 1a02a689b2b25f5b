"""Which systemd unit usually stands behind a port or a program's name in the log."""

from __future__ import annotations

import re

_BY_APP = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysqld": "mysql",
    "mariadbd": "mariadb",
    "httpd": "apache2",
    "named": "named",
    "sshd": "ssh",
    "smbd": "smbd",
    "redis-server": "redis-server",
}
_BY_PORT = {
    "5432/tcp": "postgresql",
    "3306/tcp": "mariadb",
    "6379/tcp": "redis-server",
    "22/tcp": "ssh",
    "25/tcp": "postfix",
    "445/tcp": "smbd",
    "2049/tcp": "nfs-server",
}
_TAG = re.compile(r"^([A-Za-z][\w.@-]*)")


def unit_of(port: str, app: str) -> str:
    """The likely unit: by the app's name in the log, else by the port; empty where unknown."""
    match = _TAG.match(app)
    name = match[1] if match else ""
    if name:
        return _BY_APP.get(name, name)
    return _BY_PORT.get(port, "")
