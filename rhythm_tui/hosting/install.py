"""What sshd and the machine are told, so that an account is a door to Rhythm and to nothing else."""

from __future__ import annotations

import os
import pwd

SSHD = """\
AuthenticationMethods publickey
AuthorizedKeysFile none
AuthorizedPrincipalsFile none
TrustedUserCAKeys none
AuthorizedKeysCommand {look_up}
AuthorizedKeysCommandUser {account}
DisableForwarding yes
PermitTunnel no
PermitTTY yes
PermitUserRC no
MaxSessions 4
ClientAliveInterval 5
ClientAliveCountMax 3
"""
"""What sshd is told about the account. No certificate of another authority opens it; no ForceCommand: that
would take the place of the key's own command, and with it of who it is. A line that is silent for fifteen
seconds is dead.
"""


def sshd_settings(look_up: str, account: str | None = None) -> str:
    """The lines of sshd_config; `look_up` is the program that is asked whose a key is."""
    return SSHD.format(look_up=look_up, account=account or pwd.getpwuid(os.geteuid()).pw_name)
