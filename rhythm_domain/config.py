"""Settings in layers: defaults < `config.toml` < `RHYTHM_*` variables < flags; each knows where it came from.

Pure but for reading `config.toml` and asking where a person's folders are. A key or a variable that is not
known is refused with the nearest one that is: a setting that is silently ignored is worse than none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from rhythm_domain.errors import Invalid
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.text import shown

PREFIX = "RHYTHM_"

_ELSEWHERE = re.compile(r"RHYTHM_(?:OLD_PGBIN|TEST_\w+)")
"""Variables that are no settings: of the embedded server's upgrade, and of the tests."""

MASK = "********"

Parse = Callable[[Any], Any]
"""A value of TOML, a variable or a flag -> the setting's value. Raises ValueError with what it must be."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return value.strip()


def _url(value: Any) -> str:
    text = _text(value)
    if not text.startswith(("postgresql://", "postgres://")) and "=" not in text:
        raise ValueError("a URL such as postgresql://person@host/database")
    return text


def _flag(value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError("true or false")
    return words[value.lower()]


def _folder(value: Any) -> Path:
    folder = Path(_text(value)).expanduser()
    if not folder.is_absolute():
        raise ValueError("a folder, from / or ~ on")
    return folder


def _choice(*words: str) -> Parse:
    def parse(value: Any) -> str:
        if not isinstance(value, str) or value.lower() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return value.lower()

    return parse


def _keys(value: Any, inside: str = "") -> dict[str, str]:
    """The table [keys]: `issue.create = "n"`, quoted or not."""
    if not isinstance(value, dict):
        raise ValueError('a table of commands and keys: [keys], then "issue.create" = "n"')
    found: dict[str, str] = {}
    for name, key in value.items():
        found |= _keys(key, f"{inside}{name}.") if isinstance(key, dict) else {f"{inside}{name}": _text(key)}
    return found


def _data_dir() -> Path:
    from rhythm_domain.embedded.places import default_home

    return default_home().parent


def _state_dir() -> Path:
    from platformdirs import user_state_path

    return user_state_path("rhythm")


def _log_dir() -> Path:
    from platformdirs import user_log_path

    return user_log_path("rhythm")


def _setting(
    parse: Parse,
    help: str,
    default: Any = None,
    *,
    made: Callable[[], Any] | None = None,
    secret: bool = False,
) -> Any:
    metadata = {"parse": parse, "help": help, "secret": secret}
    if made is not None:
        return field(default_factory=made, metadata=metadata)
    return field(default=default, metadata=metadata)


class Setting(NamedTuple):
    """One setting as `rhythm config` shows it. `source` is "default", a file, a variable or a flag."""

    name: str
    value: Any
    source: str
    secret: bool
    help: str

    @property
    def shown(self) -> str:
        """The value in one safe line, its secrets masked."""
        match self.value:
            case None:
                return ""
            case bool():
                return str(self.value).lower()
            case dict():
                return ", ".join(f"{shown(name)} = {shown(key)}" for name, key in self.value.items())
            case str() if self.secret:
                return MASK
            case _:
                return shown(masked(str(self.value)))


@dataclass(frozen=True)
class Settings:
    """Every setting. Without `database_url` the embedded server in `data_dir` is used."""

    database_url: str | None = _setting(_url, "the team's database; without it, a server of your own")
    owner_url: str | None = _setting(_url, "the same database as its owner, for `rhythm db migrate`")
    listen_url: str | None = _setting(_url, "the same database past a pooler, to hear of changes")
    pooler: bool = _setting(_flag, "whether database_url leads to a pooler such as PgBouncer", False)
    token: str | None = _setting(_text, "an access token to sign in with", secret=True)
    data_dir: Path = _setting(_folder, "the folder of the server of your own", made=_data_dir)  # noqa: RUF009
    state_dir: Path = _setting(_folder, "the folder of drafts and of who is signed in", made=_state_dir)  # noqa: RUF009
    log_dir: Path = _setting(_folder, "the folder of the log", made=_log_dir)  # noqa: RUF009
    log_level: str = _setting(
        _choice("debug", "info", "warning", "error"), "the least that is logged", "warning"
    )
    color: str = _setting(_choice("auto", "always", "never"), "colours on the command line", "auto")
    theme: str = _setting(_text, "the theme of the app", "auto")
    editor: str | None = _setting(_text, "the editor of long texts")
    keys: Mapping[str, str] = _setting(_keys, "keys of the app, by command", made=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def every(self) -> tuple[Setting, ...]:
        """All settings in order, each with its source."""
        return tuple(
            Setting(
                spec.name,
                getattr(self, spec.name),
                self.sources.get(spec.name, "default"),
                spec.metadata["secret"],
                spec.metadata["help"],
            )
            for spec in _SPECS.values()
        )


_SPECS = {spec.name: spec for spec in fields(Settings) if spec.metadata}


def config_file() -> Path:
    """Where `config.toml` is looked for: in the person's folder of settings (XDG_CONFIG_HOME)."""
    from platformdirs import user_config_path

    return user_config_path("rhythm") / "config.toml"


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> Settings:
    """The settings of this run. Flags that are None are not given.

    Raises `Invalid`, naming file, variable or flag, for unknown keys, values of the wrong kind, a file with
    secrets that others may read, and a password in a flag.
    """
    file = file or config_file()
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name in ("VISUAL", "EDITOR"):
        if environ.get(name) and "editor" not in values:
            values["editor"], sources["editor"] = environ[name], name
    table = read(file)
    _known(table, str(file), _SPECS)
    for name, raw in table.items():
        values[name], sources[name] = _parsed(name, raw, f"{name} in {file}"), str(file)
    _private(file, values, table)
    variables = {
        name: raw
        for name, raw in environ.items()
        if raw and name.startswith(PREFIX) and not _ELSEWHERE.fullmatch(name)
    }
    _known(variables, "the environment", [f"{PREFIX}{name.upper()}" for name in _SPECS if name != "keys"])
    for variable, raw in variables.items():
        name = variable.removeprefix(PREFIX).lower()
        values[name], sources[name] = _parsed(name, raw, variable), variable
    for name, raw in (flags or {}).items():
        if raw is not None:
            flag = f"--{name.replace('_', '-')}"
            values[name], sources[name] = _parsed(name, raw, flag), flag
            if has_password(str(raw)):
                raise Invalid(
                    f"{flag} has a password in it, which every process of this machine can read.",
                    field=name,
                    hint=f"Set {PREFIX}{name.upper()}, or `{name}` in {file}.",
                )
    return Settings(**values, sources=sources)


def of_table(table: Mapping[str, Any], file: Path, allowed: Collection[str]) -> Settings:
    """The settings of a table that was read from `file`, and of nothing else: no variable is heard.

    Raises `Invalid` for a key that is not `allowed`, and for values of the wrong kind.
    """
    _known(table, str(file), allowed)
    values = {name: _parsed(name, raw, f"{name} in {file}") for name, raw in table.items()}
    return Settings(**values, sources=dict.fromkeys(table, str(file)))


def of_demo(settings: Settings) -> Settings:
    """The settings of the demo: an embedded server of its own, beside the person's, and nothing else. Its
    drafts are in its folder: they go with it. RHYTHM_TOKEN says who acts there, too: who gave it to a script
    must not see it act as somebody else. A token of the file is that of the database beside it.
    """
    elsewhere = ["database_url", "owner_url", "listen_url", "pooler"]
    given = settings.sources.get("token") == f"{PREFIX}TOKEN"
    elsewhere += [] if given else ["token"]
    sources = {name: source for name, source in settings.sources.items() if name not in elsewhere}
    return replace(
        settings,
        database_url=None,
        owner_url=None,
        listen_url=None,
        pooler=False,
        token=settings.token if given else None,
        data_dir=settings.data_dir / "demo",
        state_dir=settings.data_dir / "demo" / "state",
        sources={**sources, "data_dir": "--demo", "state_dir": "--demo"},
    )


def read(file: Path) -> dict[str, Any]:
    """The TOML of a file; an empty table if there is none. Raises `Invalid`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            f"{file} can't be read: {_reason(error)}.", hint="Check its rights and its encoding."
        ) from error
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(
            f"{file} is no TOML: {shown(str(error))}.", hint='A line looks like: color = "never"'
        ) from error


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "" if isinstance(error, OSError) else "it is not UTF-8"


def _known(given: Mapping[str, Any], where: str, known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise Invalid(
                f"There is no setting {shown(name)} (in {where}).",
                field=name,
                hint=did_you_mean(name, known, f"There are: {', '.join(known)}."),
            )


def _parsed(name: str, raw: Any, where: str) -> Any:
    try:
        return _SPECS[name].metadata["parse"](raw)
    except ValueError as error:
        raise Invalid(f"{where} must be {error}.", field=name, hint="Correct it, then try again.") from error


def _private(file: Path, values: Mapping[str, Any], table: Mapping[str, Any]) -> None:
    """A file with a password or a token is for its owner alone."""
    secrets = [name for name in table if _SPECS[name].metadata["secret"] or has_password(str(values[name]))]
    if secrets and file.stat().st_mode & 0o077:
        raise Invalid(
            f"{file} holds a secret ({secrets[0]}), and others may read it.",
            field=secrets[0],
            hint=f"Run `chmod 600 {file}`.",
        )


# Passwords in URLs --------------------------------------------------------------------------------------

_USERINFO = re.compile(r"(?P<before>://[^/?#@\s]*?:)(?P<secret>.+)(?=@)")
_WORD = re.compile(
    r"(?P<before>\b(?:ssl)?password\s*=\s*)(?P<secret>'(?:[^'\\]|\\.)*'|[^\s&']+)", re.IGNORECASE
)


def has_password(url: str) -> bool:
    """Whether a database URL or conninfo has a password in it."""
    return bool(_USERINFO.search(url) or _WORD.search(url))


def masked(url: str) -> str:
    """A database URL or conninfo with its passwords masked; any other text as it is."""
    return _WORD.sub(rf"\g<before>{MASK}", _USERINFO.sub(rf"\g<before>{MASK}", url))


def without_password(url: str) -> str:
    """A database URL or conninfo without its passwords: what names an instance."""
    bare = _USERINFO.sub(lambda match: match["before"].removesuffix(":"), url)
    return re.sub(
        r"[?&\s]*\b(?:ssl)?password\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&']+)", "", bare, flags=re.IGNORECASE
    )
