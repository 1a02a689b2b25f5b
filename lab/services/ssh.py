"""sshd and the accounts people log in with."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.machine import Machine

OPERATOR = "ops"

_SERVER = """\
Port 22
ListenAddress 0.0.0.0
HostKey /etc/ssh/ssh_host_ed25519_key
UsePAM yes
PasswordAuthentication yes
PermitRootLogin prohibit-password
UseDNS no
MaxStartups 20:30:100
SyslogFacility AUTH
Subsystem sftp internal-sftp
PidFile /run/sshd.pid
"""

# Hosts are made anew for every recording, so there is nothing to remember about their keys.
_CLIENT = """\
Host *
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    GlobalKnownHostsFile /dev/null
    LogLevel ERROR
    ConnectTimeout 8
"""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One SSH key, private and public, as the files hold it."""

    private: str
    public: str

    @staticmethod
    def make(folder: Path, name: str) -> KeyPair:
        """Make a key pair in ``folder``."""
        path = folder / name
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)],
            check=True,
        )
        return KeyPair(path.read_text(), path.with_suffix(".pub").read_text())


def account(machine: Machine, user: str, password: str, authorised: KeyPair | None) -> None:
    """Add a person's account to ``machine``, with a password and, maybe, a key that may enter."""
    machine.run("useradd", "--create-home", "--shell", "/bin/bash", user)
    machine.run("chpasswd", stdin=f"{user}:{password}\n")
    if authorised is not None:
        home = f"/home/{user}/.ssh"
        machine.put(f"{home}/authorized_keys", authorised.public, 0o600)
        machine.run("chown", "-R", f"{user}:{user}", home)


def identity(machine: Machine, user: str, key: KeyPair) -> None:
    """Give ``user`` on ``machine`` the private key."""
    home = "/root" if user == "root" else f"/home/{user}"
    machine.put(f"{home}/.ssh/id_ed25519", key.private, 0o600)
    machine.run("chmod", "700", f"{home}/.ssh")
    machine.run("chown", "-R", f"{user}:{user}", f"{home}/.ssh")


def client(machine: Machine) -> None:
    """Set up ssh so that it asks nothing."""
    machine.put("/etc/ssh/ssh_config.d/lab.conf", _CLIENT)


def start(machine: Machine, host_key: KeyPair) -> None:
    """Start sshd on ``machine``."""
    machine.put("/etc/ssh/ssh_host_ed25519_key", host_key.private, 0o600)
    machine.put("/etc/ssh/ssh_host_ed25519_key.pub", host_key.public)
    machine.put("/etc/ssh/sshd_lab", _SERVER)
    machine.put("/etc/motd", "")
    machine.spawn("sshd", "/usr/sbin/sshd", "-D", "-f", "/etc/ssh/sshd_lab")
