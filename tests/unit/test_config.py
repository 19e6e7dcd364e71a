"""Settings: layers, sources, refusals, and secrets that never show."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhythm_domain.config import Settings, has_password, load, masked, without_password
from rhythm_domain.errors import Invalid


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def sourced(settings: Settings, name: str) -> tuple[object, str]:
    setting = next(one for one in settings.every if one.name == name)
    return setting.value, setting.source


def test_each_layer_overrides_the_one_before(file: Path) -> None:
    assert sourced(load(environ={}, file=file), "color") == ("auto", "default")
    file.write_text('color = "always"\n')
    assert sourced(load(environ={}, file=file), "color") == ("always", str(file))
    environ = {"RHYTHM_COLOR": "never"}
    assert sourced(load(environ=environ, file=file), "color") == ("never", "RHYTHM_COLOR")
    assert sourced(load({"color": "auto"}, environ=environ, file=file), "color") == ("auto", "--color")
    assert sourced(load({"color": None}, environ=environ, file=file), "color") == ("never", "RHYTHM_COLOR")


def test_an_empty_variable_is_not_given(file: Path) -> None:
    assert load(environ={"RHYTHM_DATABASE_URL": ""}, file=file).database_url is None


def test_the_editor_is_the_systems_unless_it_is_said(file: Path) -> None:
    assert sourced(load(environ={"EDITOR": "vi", "VISUAL": "vim"}, file=file), "editor") == ("vim", "VISUAL")
    file.write_text('editor = "nano"\n')
    assert load(environ={"EDITOR": "vi"}, file=file).editor == "nano"


def test_folders_follow_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "rhythm").mkdir()
    (tmp_path / "rhythm/config.toml").write_text('theme = "dark"\n')
    settings = load(environ={})
    assert settings.state_dir == tmp_path / "state/rhythm"
    assert settings.log_dir.is_relative_to(tmp_path / "state")
    assert settings.theme == "dark"


@pytest.mark.parametrize(
    ("text", "environ", "says", "hint"),
    [
        ('colour = "never"', {}, "no setting colour", "color"),
        ("", {"RHYTHM_DATABSE_URL": "x"}, "no setting RHYTHM_DATABSE_URL", "RHYTHM_DATABASE_URL"),
        ("pooler = 3", {}, "pooler in {file} must be true or false", ""),
        ('log_level = "loud"', {}, "log_level in {file} must be one of debug, info", ""),
        ("", {"RHYTHM_POOLER": "maybe"}, "RHYTHM_POOLER must be true or false", ""),
        ("", {"RHYTHM_TIME_ZONE": "Europe/Berlin"}, "no setting RHYTHM_TIME_ZONE", ""),
        ("", {"RHYTHM_STATE_DIR": "here"}, "RHYTHM_STATE_DIR must be a folder", ""),
        ("", {"RHYTHM_DATABASE_URL": "mysql:db"}, "must be a URL such as", ""),
        ("keys = 3", {}, "keys in {file} must be a table", ""),
        ("color = ", {}, "is no TOML", "color"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    file: Path, text: str, environ: dict[str, str], says: str, hint: str
) -> None:
    file.write_text(text)
    with pytest.raises(Invalid) as caught:
        load(environ=environ, file=file)
    assert says.format(file=file) in caught.value.message
    assert hint in caught.value.hint


def test_the_tests_own_variables_are_no_settings(file: Path) -> None:
    load(environ={"RHYTHM_TEST_FOLDER": "x", "RHYTHM_OLD_PGBIN": "/usr/lib/postgresql/15/bin"}, file=file)


def test_keys_may_be_quoted_or_not(file: Path) -> None:
    file.write_text('[keys]\n"issue.create" = "n"\nissue.close = "x"\n')
    assert load(environ={}, file=file).keys == {"issue.create": "n", "issue.close": "x"}


SECRET = 'database_url = "postgresql://ada:hunter2@host/db"\n'


@pytest.mark.parametrize("text", [SECRET, 'token = "rha_hunter2"\n'])
def test_a_file_with_a_secret_is_for_its_owner_alone(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o644)
    with pytest.raises(Invalid, match="others may read") as caught:
        load(environ={}, file=file)
    assert "chmod 600" in caught.value.hint
    assert "hunter2" not in caught.value.message
    file.chmod(0o600)
    settings = load(environ={}, file=file)
    assert not any("hunter2" in one.shown for one in settings.every)


def test_a_file_without_secrets_may_be_open(file: Path) -> None:
    file.write_text('database_url = "postgresql://ada@host/db"\n')
    file.chmod(0o644)
    assert load(environ={}, file=file).database_url == "postgresql://ada@host/db"


def test_a_password_in_a_flag_is_refused(file: Path) -> None:
    with pytest.raises(Invalid, match="every process") as caught:
        load({"database_url": "postgresql://ada:hunter2@host/db"}, environ={}, file=file)
    assert "hunter2" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("postgresql://ada:hunter2@host:5433/db", "postgresql://ada@host:5433/db"),
        ("postgresql://ada:hun@ter2@host/db", "postgresql://ada@host/db"),
        ("postgresql://:hunter2@host/db", "postgresql://@host/db"),
        ("postgresql://ada@host/db?password=hunter2", "postgresql://ada@host/db"),
        ("host=h user=ada password=hunter2 dbname=db", "host=h user=ada dbname=db"),
        ("host=h password='hun \\'ter2' dbname=db", "host=h dbname=db"),
        ("host=h PASSWORD = hunter2", "host=h"),
    ],
)
def test_passwords_of_urls_are_found_masked_and_removed(url: str, bare: str) -> None:
    assert has_password(url)
    assert "ter2" not in masked(url)
    assert without_password(url) == bare
    assert not has_password(bare)


@pytest.mark.parametrize(
    "url", ["postgresql://ada@host:5432/db?sslmode=require", "host=h user=ada", "postgresql:///db"]
)
def test_a_url_without_a_password_stays_as_it_is(url: str) -> None:
    assert not has_password(url)
    assert masked(url) == without_password(url) == url
