"""cron, with the jobs each host runs anyway and the one the plan adds."""

from __future__ import annotations

import random

from lab.machine import Machine
from lab.site import Host, Role, Site

_HEAD = """\
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# m h dom mon dow user\tcommand
"""
KEEP_COPY = "/usr/local/sbin/keep-copy"


def table(host: Host, site: Site, extra: tuple[str, ...] = ()) -> str:
    """The host's /etc/crontab: regular small jobs by role, then the lines in ``extra``."""
    rng = random.Random(f"cron-{site.seed}-{host.name}")
    start = rng.randrange(5)
    web, backup = site.one(Role.WEB), site.one(Role.BACKUP)
    lines = [
        f"{rng.randrange(60)} 4 * * * root\t/usr/sbin/logrotate /etc/logrotate.conf",
        f"{rng.randrange(5)}-59/5 * * * * root\tcommand -v sa1 > /dev/null && sa1 1 1",
    ]
    if host.role is Role.APP:
        lines.append(f"*/2 * * * * nobody\tcurl -sf -o /dev/null http://{web.name}/health")
    elif host.role is Role.FILES:
        lines.append(
            f"{start}-59/5 * * * * root\trsync -rt /srv/www/docs/0*.pdf ops@{backup.name}:recent/"
        )
    elif host.role is Role.DB:
        lines.append(f"{start}-59/5 * * * * postgres\tpsql -q -d shop -c 'ANALYZE orders'")
    elif host.role in (Role.WEB, Role.BASTION):
        lines.append(f"{start}-59/5 * * * * root\tfind /tmp -name 'sess_*' -mmin +60 -delete")
    elif host.role is Role.BACKUP:
        lines.append(f"{start}-59/10 * * * * root\tdu -s /home/ops > /run/disk-use")
        lines.append("15 3 * * 0 root\t/usr/local/sbin/verify-copies --all")
    return _HEAD + "".join(f"{line}\n" for line in (*lines, *extra))


def start(machine: Machine, crontab: str) -> None:
    """Put the table in place and start cron."""
    machine.put("/etc/crontab", crontab)
    machine.spawn("cron", "cron", "-f", "-L", "1")
