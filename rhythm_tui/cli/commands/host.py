"""`rhythm host`: the shared instance over SSH, for its administrator."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from rhythm_domain.errors import Forbidden, Invalid
from rhythm_domain.text import shown
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.table import Column
from rhythm_tui.cli.values import FileName
from rhythm_tui.hosting import settings
from rhythm_tui.hosting.overview import Open, Overview, Refusal

group = Noun("host", help="The shared instance over SSH: set it up, look after it.")

config_option = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    default=settings.FILE,
    show_default=True,
    help="The settings of the host.",
)

_SESSIONS: list[Column[Open]] = [
    Column("id", lambda session: str(session.id), "bold", "right"),
    Column("person", lambda session: session.person),
    Column("key", lambda session: session.key),
    Column("began", lambda session: session.began, "dim"),
    Column("idle", lambda session: f"{session.idle // 60} min" if session.idle >= 60 else "", "dim", "right"),
    Column("memory", lambda session: _megabytes(session.memory), align="right"),
    Column("runs", lambda session: session.command or "the app", shrink=1),
]
_REFUSALS: list[Column[Refusal]] = [
    Column("when", lambda refusal: refusal.at, "dim"),
    Column("person", lambda refusal: refusal.person),
    Column("why", lambda refusal: refusal.reason, shrink=1),
]


def _megabytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 1e6:.0f} MB"


@group.verb("install", examples=["rhythm host install --dry-run", "rhythm host install"])
@config_option
@click.option("--account", default="rhythm", show_default=True, help="Whom people name: ssh ACCOUNT@HOST.")
@click.option("--dry-run", is_flag=True, help="Only print what would be done, as a script.")
@pass_context
def install(_: Context, file: Path, account: str, dry_run: bool) -> None:
    """Set this machine up: the account, its folders, sshd, systemd. For root; done again, it changes nothing.

    The settings that there are stay as they are. Nothing is started: what is left to do is said at the end.
    """
    from rhythm_tui.hosting import install
    from rhythm_tui.hosting.control import tell

    steps = install.steps(account, file)
    if dry_run:
        for step in steps:
            click.echo(step.words())
        return
    if os.geteuid() != 0:
        raise Forbidden("Only root can set a machine up.", hint="`--dry-run` prints what would be done.")
    install.require_safe_program(install.program())
    missing = [step for step in steps if step.missing()]
    for step in missing:
        step.do()
        click.echo(f"Set up {step.made}.")
    if not missing:
        click.echo("Everything is there already.")
    if wrong := install.checked_by_sshd():
        raise Invalid(f"sshd does not take its settings: {wrong}", hint="Nothing was restarted.")
    if not tell(settings.RUN_DIR / "host.sock", "status"):
        click.echo(install.LEFT.format(file=file, account=account), err=True)
    elif missing:
        click.echo(install.HEEDED, err=True)


@group.verb("admin", examples=["rhythm host admin ada ada.pub"])
@click.argument("name")
@click.argument("file", type=FileName())
@click.option("--full-name", default="", help="How others see them.")
@pass_context
async def admin(context: Context, name: str, file: str, full_name: str) -> None:
    """Make somebody an administrator, who comes in by the public key in FILE (- for stdin).

    For who holds the database's owner URL (RHYTHM_OWNER_URL): the first one, and the way back in.
    """
    from rhythm_domain.session import Tracker
    from rhythm_tui.cli.commands.ssh_key import line_of

    line = line_of(file)
    async with Tracker.open(context.owner_conninfo()) as tracker:
        key = await tracker.accounts.add_administrator_with_key(name, line, full_name)
    context.out.done(f"{name} is an administrator, and comes in by {key.name} ({key.fingerprint}).", key)


@group.verb("keys", examples=["rhythm host keys SHA256:... ssh-ed25519 AAAA..."])
@config_option
@click.argument("fingerprint")
@click.argument("kind", metavar="TYPE")
@click.argument("body", metavar="KEY")
@pass_context
async def keys(_: Context, file: Path, fingerprint: str, kind: str, body: str) -> None:
    """What sshd asks (AuthorizedKeysCommand): the line of a key that opens an account, or nothing."""
    from rhythm_domain.session import Tracker
    from rhythm_tui.hosting import keys

    host = settings.load(file)
    there = host.settings
    async with Tracker.open(there.database_url or "", pooler=there.pooler, discreet=True) as tracker:
        found = await keys.look_up(tracker, host, fingerprint, kind, body)
    if found is not None:
        click.echo(found)


@group.verb("serve", examples=["rhythm host serve", "rhythm host serve --config /etc/rhythm/host.toml"])
@config_option
@click.option("--as-root", is_flag=True, hidden=True)
@click.option("--listener", type=int, hidden=True)
@click.option("--ready", type=int, hidden=True)
@pass_context
def serve(_: Context, file: Path, as_root: bool, listener: int | None, ready: int | None) -> int:
    """Run the resident process, which begins people's sessions in an instant.

    SIGTERM stops it, SIGHUP has the program as it is installed by then take its place: sessions that are open
    go on. Without it people come in all the same, more slowly.
    """
    from rhythm_tui.hosting import service

    if os.geteuid() == 0 and not as_root:
        raise Forbidden(
            "As root it would begin everybody's sessions as root.",
            hint="`systemctl start rhythm` runs it as its own account.",
        )
    return service.run(file, listener=listener, ready=ready)


@group.verb("check", examples=["rhythm host check && systemctl reload rhythm"])
@config_option
@pass_context
def check(context: Context, file: Path) -> None:
    """Say whether the settings are well. A reload asks it first."""
    settings.load(file)
    context.out.done(f"{file} is well.")


@group.verb("status", examples=["rhythm host status", "rhythm host status --json"])
@config_option
@pass_context
def status(context: Context, file: Path) -> None:
    """Show the sessions that are open, whose they are, what they take, and who was refused of late."""
    from rhythm_tui.hosting.overview import look

    found: Overview = look(settings.load(file))
    if context.json:
        context.out.document(asdict(found))
        return
    people = len({each.person for each in found.sessions})
    who = "1 person" if people == 1 else f"{people} people"
    context.out.line(
        f"{len(found.sessions)} of {found.most} sessions, {who}, memory {_megabytes(found.memory)};"
        f" host process {found.pid}{', about to end' if found.closing else ''}"
    )
    if found.earlier:
        them = ", ".join(map(str, found.earlier))
        context.out.line(f"From before the last reload, until their sessions end: {them}")
    if found.trouble:
        context.out.line(f"Nobody comes in: {shown(found.trouble)}")
    elif found.read_only:
        context.out.line("Nobody can write: `rhythm host read-only off` lets them again.")
    if found.sessions:
        context.out.rows(_SESSIONS, found.sessions)
    if found.refusals:
        context.out.line("")
        context.out.heading("Refused of late")
        context.out.rows(_REFUSALS, found.refusals)


@group.verb("broadcast", examples=['rhythm host broadcast "Backup at noon: save your work."'])
@config_option
@click.argument("text")
@pass_context
def broadcast(context: Context, file: Path, text: str) -> None:
    """Show everybody who is there a line, whatever they are doing."""
    from rhythm_tui.hosting.overview import order

    order(settings.load(file), "say", text)
    context.out.done("Said to everybody.")


@group.verb("end-session", examples=["rhythm host end-session 17"])
@config_option
@click.argument("id", type=int)
@click.option("--words", default="An administrator ended your session.", help="What the person is told.")
@pass_context
def end_session(context: Context, file: Path, id: int, words: str) -> None:
    """End a session, by the number that `rhythm host status` shows."""
    from rhythm_domain.errors import NotFound
    from rhythm_tui.hosting.overview import end

    if not end(settings.load(file), id, shown(words)):
        raise NotFound(f"There is no session {id}.", hint="`rhythm host status` shows those that there are.")
    context.out.done(f"Ended session {id}.")


@group.verb("read-only", examples=["rhythm host read-only on", "rhythm host read-only off"])
@config_option
@click.argument("state", type=click.Choice(["on", "off"]))
@pass_context
def read_only(context: Context, file: Path, state: str) -> None:
    """Refuse all writes of everybody, for a move or a restore; people read on."""
    from rhythm_tui.hosting.overview import order

    order(settings.load(file), "read-only", state)
    context.out.done("Nobody can write now." if state == "on" else "Everybody can write again.")
