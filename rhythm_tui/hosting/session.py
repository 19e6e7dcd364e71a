"""One person's session on the host, from the key that signed to the exit code."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from rhythm_domain import logs
from rhythm_domain.errors import Invalid, Unavailable, fit_hints
from rhythm_tui.hosting.request import Open, Run, asked
from rhythm_tui.hosting.settings import Host
from rhythm_tui.hosting.surroundings import at_terminal, settle, source

log = logging.getLogger("rhythm.host")


def serve(
    key_id: int,
    command: str | None,
    terminal: Mapping[str, str],
    *,
    host: Callable[[], Host],
    counted: bool = False,
) -> int:
    """Runs a session in this process, on descriptors 0, 1 and 2; the exit code.

    `key_id` says who it is: sshd saw that key sign. `command` is what the person asks for (see `request`),
    and `terminal` what is known of their line: TERM, COLORTERM and LANG by the client's word, SSH_CONNECTION
    by sshd's. Nothing else of theirs is heard. `host` gives the settings of the host, or raises `Invalid`;
    `counted` if the session is one of a resident process, which counts them.

    The process must have no threads and no connections; afterwards it is good for nothing else.
    """
    settle(terminal)
    logs.set_up_system()
    from rhythm_tui.cli.errors import report
    from rhythm_tui.hosting.advice import for_guests

    fit_hints(for_guests)

    try:
        request = asked(command, terminal=at_terminal())
        known = _known(host)
        from rhythm_tui.hosting.instance import HostedInstance

        instance = HostedInstance(known, key_id, source(terminal.get("SSH_CONNECTION", "")), counted=counted)
        match request:
            case Open(issue):
                from rhythm_tui import start

                return start.run(instance, issue=issue)
            case Run(words):
                from rhythm_tui.cli.main import run
                from rhythm_tui.hosting.commands import root

                return run(words, command=root, instance=instance)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last place where it can be said
        return report(error, as_json=False)
    finally:
        with suppress(OSError):  # Nobody may read any more.
            sys.stdout.flush()


def _known(host: Callable[[], Host]) -> Host:
    """The host's settings. What is wrong with them is the administrator's business alone."""
    try:
        return host()
    except Invalid as error:
        log.error("%s %s", error.message, error.hint)
        raise Unavailable(
            "This host is not set up as it should be.", hint="Its administrator finds the reason in the log."
        ) from None
