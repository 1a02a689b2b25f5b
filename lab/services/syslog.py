"""rsyslog: everything a host logs, sent by UDP to the collector in the host's own format."""

from __future__ import annotations

from lab.machine import Machine
from lab.site import Host, SyslogFormat

PORT = 5514

_TEMPLATES = {
    SyslogFormat.RFC5424: "RSYSLOG_SyslogProtocol23Format",
    SyslogFormat.RFC3164: "RSYSLOG_TraditionalForwardFormat",
}

# Lines wait in memory while the collector cannot be reached, as a real host's do.
_CONFIGURATION = """\
global(workDirectory="/var/spool/rsyslog" maxMessageSize="8k")
module(load="imuxsock" SysSock.RateLimit.Interval="0")
*.* action(type="omfwd" target="{collector}" port="{port}" protocol="udp" template="{template}"
           action.resumeRetryCount="-1" action.resumeInterval="3"
           queue.type="LinkedList" queue.size="20000")
"""


def start(machine: Machine, host: Host, collector: str) -> None:
    """Start rsyslog on ``machine`` and have it forward to ``collector``."""
    if host.syslog is None:
        return
    machine.put(
        "/etc/rsyslog-lab.conf",
        _CONFIGURATION.format(collector=collector, port=PORT, template=_TEMPLATES[host.syslog]),
    )
    machine.run("mkdir", "-p", "/var/spool/rsyslog")
    machine.spawn("rsyslogd", "rsyslogd", "-n", "-f", "/etc/rsyslog-lab.conf", "-i", "/run/r.pid")
