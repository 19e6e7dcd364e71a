"""Attacks that once worked, one a test: what a hostile person does, and why it gets them nowhere."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path
from uuid import uuid4

import pytest

from rhythm_domain import migrate, passwords
from rhythm_domain.database import Database
from rhythm_domain.embedded import places
from rhythm_domain.errors import Forbidden, Invalid, NotFound, SignInFailed, Unavailable
from rhythm_domain.maintenance import backup, clients, restore
from rhythm_domain.models import LinkKind, Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.session import Session, Tracker
from rhythm_domain.transaction import Chunk
from tests.conftest import Postgres
from tests.instances import Instance, Team

PASSWORD = "granite violin harbour moss"


@pytest.fixture
def tracker(db: Database) -> Tracker:
    """The doors for who is not signed in."""
    return Tracker(db)


async def access_token(tracker: Tracker, person: Session) -> Session:
    """A session by an access token of a person."""
    _, token = await person.people.create_token("script")
    return await tracker.accounts.resume(token)


# The id of an operation is the client's to choose --------------------------------------------------------


async def test_a_creation_sent_again_does_not_read_an_issue_of_a_project_that_one_left(team: Team) -> None:
    """A creation sent again is answered with the issue as it is now. It was looked up by the operation alone,
    so who was removed sent it to a project of their own. The operation must have happened in that project."""
    await team.member.projects.create("MINE", "Mine")
    operation = uuid4()
    issue = await team.member.issues.create("CORE", IssueDraft(title="Known"), operation=operation)
    await team.owner.members.remove("CORE", "mia")
    await team.owner.issues.edit(issue.key, IssueEdit(title="Written after she left"))
    with pytest.raises(Invalid, match="another change"):
        await team.member.issues.create("MINE", IssueDraft(title="Any"), operation=operation)
    with pytest.raises(NotFound, match="no project CORE"):
        await team.member.issues.create("CORE", IssueDraft(title="Known"), operation=operation)


async def test_a_project_created_again_is_not_shown_to_its_founder_who_was_removed(team: Team) -> None:
    """The same with the creation of a project, which has no project's door: it now shows what `show` does."""
    operation = uuid4()
    await team.member.projects.create("MINE", "Mine", operation=operation)
    assert (await team.member.projects.create("MINE", "Mine", operation=operation)).name == "Mine"
    await team.member.members.add("MINE", "olga", Role.OWNER)
    await team.owner.members.remove("MINE", "mia")
    with pytest.raises(NotFound, match="There is no project MINE"):
        await team.member.projects.create("MINE", "Mine", operation=operation)


async def test_a_restoration_sent_again_does_not_read_the_trash(team: Team) -> None:
    """What was done before is answered without asking for the right again. A viewer who had restored an issue
    as a maintainer named other deleted ones with the same operation, and read them."""
    known, secret = [
        await team.owner.issues.create("CORE", IssueDraft(title=title)) for title in ("Known", "Secret")
    ]
    operation = uuid4()
    await team.owner.issues.delete([known.key])
    await team.maintainer.issues.restore([known.key], operation=operation)
    await team.owner.members.set_role("CORE", "max", Role.VIEWER)
    await team.owner.issues.delete([secret.key])
    with pytest.raises(NotFound, match="in the trash"):
        await team.maintainer.issues.restore([secret.key], operation=operation)
    assert [row.key for row in await team.maintainer.issues.restore([known.key], operation=operation)]


async def test_undo_reaches_into_no_project_that_one_left(team: Team) -> None:
    """An operation that goes on in a second transaction may do so in another project. Undone in one of them,
    it deleted a comment in the other, without any right there, and the history had it in the wrong place."""
    await team.member.projects.create("MINE", "Mine")
    mine = await team.member.issues.create("MINE", IssueDraft(title="Mine"))
    theirs = await team.owner.issues.create("CORE", IssueDraft(title="Theirs"))
    operation = uuid4()
    await team.member.comments.add(theirs.key, "I said so.", operation=operation)
    await team.member.issues.edit_many([mine.key], IssueEdit(title="Changed"), operation=Chunk(operation, 1))
    await team.owner.members.remove("CORE", "mia")
    undone = await team.member.history.undo("MINE")
    assert undone.changed == (mine.key,)
    assert [comment.body for comment in (await team.owner.comments.list(theirs.key)).items] == ["I said so."]


async def test_undo_does_not_do_for_another_what_they_slipped_in(team: Team) -> None:
    """Who knows the id of somebody's operation (the history shows it) can go on with it: what they did under
    it was taken back, with the other's rights and in their name, when the other undid their own."""
    one, other = [await team.owner.issues.create("CORE", IssueDraft(title=title)) for title in ("One", "Two")]
    operation = uuid4()
    await team.owner.issues.edit(one.key, IssueEdit(title="By Olga"), operation=operation)
    await team.member.issues.edit_many([other.key], IssueEdit(title="By Mia"), operation=Chunk(operation, 1))
    assert (await team.owner.history.undo("CORE")).changed == (one.key,)
    assert (await team.owner.issues.show(other.key)).title == "By Mia"


async def test_nobody_takes_the_undo_of_others_away(team: Team) -> None:
    """Who went on with somebody's operation and took their own part back had taken all of it back, as the
    history said; the other's change could not be undone any more."""
    one, other = [await team.owner.issues.create("CORE", IssueDraft(title=title)) for title in ("One", "Two")]
    operation = uuid4()
    await team.owner.issues.edit(one.key, IssueEdit(title="By Olga"), operation=operation)
    await team.member.issues.edit_many([other.key], IssueEdit(title="By Mia"), operation=Chunk(operation, 1))
    assert (await team.member.history.undo("CORE")).changed == (other.key,)
    assert [event.undone for event in (await team.viewer.history.of_issue(one.key)).items] == [False, False]
    assert (await team.owner.history.undo("CORE")).changed == (one.key,)


async def test_undo_needs_every_right_that_was_used(team: Team) -> None:
    """A maintainer deletes others' issues and moves a card under the same operation. Its latest right was all
    that undo asked for: as a member they could bring back what only maintainers may."""
    gone, moved = [
        await team.owner.issues.create("CORE", IssueDraft(title=title)) for title in ("Gone", "Card")
    ]
    operation = uuid4()
    await team.maintainer.issues.delete([gone.key], operation=operation)
    await team.maintainer.issues.edit_many(
        [moved.key], IssueEdit(status=Status.TODO), operation=Chunk(operation, 1)
    )
    await team.owner.members.set_role("CORE", "max", Role.MEMBER)
    assert (await team.maintainer.history.undo("CORE")).changed == (moved.key,)
    assert (await team.owner.issues.show(gone.key)).deleted_at is not None


async def test_redo_brings_back_nothing_that_a_maintainer_deleted(team: Team) -> None:
    """A member may not restore what was deleted. But whose own creation was undone redid it after a
    maintainer had restored the issue and deleted it for good reason: it was back."""
    made = await team.member.issues.create("CORE", IssueDraft(title="Made"))
    await team.member.history.undo("CORE")
    await team.maintainer.issues.restore([made.key])
    await team.maintainer.issues.delete([made.key])
    assert (await team.member.history.redo("CORE")).skipped == (made.key,)
    gone = await team.member.issues.create("CORE", IssueDraft(title="Gone"))
    await team.member.issues.delete([gone.key])
    await team.maintainer.issues.restore([gone.key])
    await team.maintainer.issues.delete([gone.key])
    assert (await team.member.history.undo("CORE")).skipped == (gone.key,)
    for key in (made.key, gone.key):
        assert (await team.maintainer.issues.show(key)).deleted_at is not None


async def test_a_change_sent_again_does_not_read_what_became_of_it_in_the_trash(team: Team) -> None:
    """What an operation touched was found again wherever it was. A member sent an old change, or the
    creation, again and read what others wrote later into an issue that is in the trash; or it was a defect of
    Rhythm, once the issue was removed for ever."""
    made, changed, linked, restored = (uuid4() for _ in range(4))
    draft = IssueDraft(title="Known")
    issue = await team.member.issues.create("CORE", draft, operation=made)
    other = await team.member.issues.create("CORE", IssueDraft(title="Other"))
    edit = IssueEdit(title="Mine")
    await team.member.issues.edit(issue.key, edit, operation=changed)
    await team.member.issues.link(issue.key, LinkKind.BLOCKS, other.key, operation=linked)
    await team.maintainer.issues.delete([issue.key])
    await team.maintainer.issues.restore([issue.key], operation=restored)
    await team.owner.members.set_role("CORE", "max", Role.MEMBER)
    await team.owner.issues.edit(issue.key, IssueEdit(title="Secret"))
    await team.owner.issues.delete([issue.key])
    for again in (
        lambda: team.member.issues.create("CORE", draft, operation=made),
        lambda: team.member.issues.edit(issue.key, edit, operation=changed),
        lambda: team.member.issues.edit_many([issue.key], edit, operation=changed),
        lambda: team.member.issues.link(issue.key, LinkKind.BLOCKS, other.key, operation=linked),
        lambda: team.maintainer.issues.restore([issue.key], operation=restored),
    ):
        with pytest.raises(NotFound, match="There is no issue CORE-1"):
            await again()
    await team.owner.issues.purge([issue.key])
    with pytest.raises(NotFound, match="removed for ever"):
        await team.member.issues.create("CORE", draft, operation=made)


async def test_redo_brings_back_no_comment_that_a_maintainer_deleted(team: Team) -> None:
    """Nor undo: who had deleted their own comment once, and taken that back, brought it back again after a
    maintainer deleted it."""
    issue = await team.owner.issues.create("CORE", IssueDraft(title="A question"))
    comment = await team.member.comments.add(issue.key, "An insult")
    await team.member.comments.delete(issue.key, comment.id)
    await team.member.history.undo("CORE")
    await team.maintainer.comments.delete(issue.key, comment.id)
    assert (await team.member.history.redo("CORE")).skipped == (issue.key,)
    assert (await team.member.history.undo("CORE")).skipped == (issue.key,)
    assert (await team.owner.comments.list(issue.key)).items == ()


# Ways into an account ------------------------------------------------------------------------------------


async def test_an_addition_sent_again_gets_no_join_code_of_somebody_else(team: Team) -> None:
    """Adding somebody "again", with the id of another addition, gave a code for whomever was named: for an
    administrator who had not joined yet, and so their account."""
    await team.admin.people.add("boss", admin=True)
    operation = uuid4()
    await team.admin.people.add("clerk", operation=operation)
    with pytest.raises(Invalid, match="another change"):
        await team.admin.people.add("boss", operation=operation)


async def test_nobody_joins_by_an_access_token_of_an_administrator(tracker: Tracker, team: Team) -> None:
    """A token ends, and is revoked when it leaks. Whoever found one added a person, and their join code and
    account were theirs long after; only administrators it could not add."""
    token = await access_token(tracker, team.admin)
    with pytest.raises(Forbidden, match="access token"):
        await token.people.add("clerk")
    with pytest.raises(NotFound):
        await team.admin.people.show("clerk")


async def test_no_invitation_opens_the_account_that_the_first_administrator_took(
    tracker: Tracker, instance: Instance
) -> None:
    """An instance whose administrators are gone is set up again, under the name of somebody who was invited
    and never joined. Whoever held that invitation signed in with it as the new administrator."""
    founder = instance.person("root", admin=True)
    _, code = await founder.people.add("ada")
    instance.sql.execute("UPDATE users SET active = false, admin = false WHERE name = 'root'")
    await tracker.accounts.first_administrator("ada", "Ada", PASSWORD)
    with pytest.raises(SignInFailed, match="not valid"):
        await tracker.accounts.join(code, "umbrella granite sofa lamp")


async def test_no_join_code_is_made_without_a_trace(team: Team, instance: Instance) -> None:
    """An invitation sent again is recorded once. An administrator used the id of one to invite somebody else:
    a code for their account, and nothing in the history."""
    operation = uuid4()
    await team.admin.people.new_join_code("mia", operation=operation)
    with pytest.raises(Invalid, match="another change"):
        await team.admin.people.new_join_code("olga", operation=operation)
    assert instance.value("SELECT count(*) FROM join_codes") == 1


async def test_who_changes_their_password_voids_the_code_that_is_out(tracker: Tracker, team: Team) -> None:
    """A join code in the wrong hands stayed good for its seven days, whatever the account's person did."""
    code = await team.admin.people.new_join_code("mia")
    await team.member.people.change_password("", PASSWORD)
    with pytest.raises(SignInFailed, match="not valid"):
        await tracker.accounts.join(code, "umbrella granite sofa lamp")


def test_a_password_of_a_million_marks_is_refused_at_once() -> None:
    """Normalising takes time with the square of a run of combining marks: minutes, with the whole process
    waiting, for what is far too long in any case."""
    start = time.process_time()
    with pytest.raises(Invalid, match="too long"):
        passwords.check("a" + "\u0315\u0300" * 100_000)
    assert time.process_time() - start < 2


async def test_a_slip_of_the_pen_tells_no_names_that_the_directory_has_not(team: Team) -> None:
    """Who mistyped a name was told the nearest of all accounts: also of authors whom an import had brought
    into a project that they know nothing of."""
    await team.maintainer.exchange.import_file("CORE", "github", brought("customer-corp"))
    await team.outsider.projects.create("MINE", "Mine")
    for person, told in ((team.outsider, False), (team.admin, True)):
        with pytest.raises(NotFound) as refused:
            await person.members.add("MINE", "customer-corb", Role.MEMBER)
        assert ("customer-corp" in refused.value.hint) is told


# Words of others -----------------------------------------------------------------------------------------


async def test_an_import_does_not_change_what_others_wrote_here(team: Team) -> None:
    """Nobody edits another's words, a maintainer neither. But a maintainer exports, changes a comment in the
    file and imports it: the issue is known by its key, and the comment said something else in mia's name."""
    issue = await team.owner.issues.create("CORE", IssueDraft(title="A question"))
    await team.member.comments.add(issue.key, "I agree.")
    file = io.BytesIO()
    await team.maintainer.exchange.export("CORE", file, format="json")
    forged = file.getvalue().replace(b"I agree.", b"I disagree.")
    assert forged != file.getvalue()
    await team.maintainer.exchange.import_file("CORE", "rhythm", io.BytesIO(forged))
    assert [comment.body for comment in (await team.owner.comments.list(issue.key)).items] == ["I agree."]


def brought(author: str, body: str = "I resign.") -> io.BytesIO:
    """A file that has somebody report an issue and say something."""
    said = {"author": {"login": author}, "body": body, "createdAt": "2020-01-01T00:00:00Z"}
    issue = {
        "number": 1,
        "title": "Farewell",
        "state": "OPEN",
        "author": {"login": author},
        "comments": [said],
    }
    return io.BytesIO(json.dumps([issue]).encode())


async def test_an_import_puts_no_words_into_the_mouth_of_who_cannot_see_them(team: Team) -> None:
    """Authors are found by their user names. A maintainer wrote a file in which a colleague says what they
    like, and it stood under the colleague's own account in a project that they never heard of."""
    report = await team.maintainer.exchange.import_file("CORE", "github", brought("otto"))
    assert (report.people, report.matched) == (("otto-imported",), ())
    assert [(note.source, note.note) for note in report.notes] == [
        ("otto", "no member here: what they wrote stands under otto-imported")
    ]
    (comment,) = (await team.viewer.comments.list("CORE-1")).items
    assert (await team.viewer.issues.show("CORE-1")).reporter.name == comment.author.name == "otto-imported"
    again = await team.maintainer.exchange.import_file("CORE", "github", brought("otto"))
    assert (again.unchanged, again.people) == (1, ())


async def test_words_that_were_imported_say_who_imported_them(team: Team) -> None:
    """A member sees what is said to be theirs, but for everybody else it read as if they had written it. It
    names who imported it until the author edits it, and from then on no import says anything else."""
    await team.maintainer.exchange.import_file("CORE", "github", brought("mia"))
    issue = await team.viewer.issues.show("CORE-1")
    (comment,) = (await team.viewer.comments.list("CORE-1")).items
    for author, importer in ((issue.reporter, issue.imported_by), (comment.author, comment.imported_by)):
        assert author.name == "mia"
        assert importer is not None
        assert importer.name == "max"
    await team.member.comments.edit("CORE-1", comment.id, "I stay.")
    await team.maintainer.exchange.import_file("CORE", "github", brought("mia", "I leave."))
    (comment,) = (await team.viewer.comments.list("CORE-1")).items
    assert (comment.body, comment.imported_by) == ("I stay.", None)


async def test_an_export_that_comes_back_says_nothing_twice(team: Team) -> None:
    """Comments under an issue that was imported once were not known by the keys that an export gave them: a
    maintainer changed one in the file, and it stood there a second time, with other words."""
    await team.maintainer.exchange.import_file("CORE", "github", brought("mia"))
    await team.member.comments.add("CORE-1", "I agree.")
    file = io.BytesIO()
    await team.maintainer.exchange.export("CORE", file, format="json")
    forged = io.BytesIO(file.getvalue().replace(b"I agree.", b"I disagree."))
    await team.maintainer.exchange.import_file("CORE", "rhythm", forged)
    assert [one.body for one in (await team.viewer.comments.list("CORE-1")).items] == [
        "I resign.",
        "I agree.",
    ]


async def said_in_history(person: Session) -> str:
    """All that the history of the project tells somebody."""
    return " ".join(
        f"{one.text} {one.before} {one.after}"
        for page in (await person.history.of_project("CORE"), await person.history.of_all())
        for one in page.items
    )


async def test_history_keeps_the_words_of_the_trash_for_those_who_see_it(team: Team) -> None:
    """Who may not see the trash read there what stood in an issue, and under it, before it was deleted. The
    changes stay in the history, their words are only for maintainers; once they are purged, for nobody."""
    issue = await team.owner.issues.create("CORE", IssueDraft(title="Secret one", description="Secret two"))
    await team.owner.issues.edit(issue.key, IssueEdit(title="Secret three"))
    await team.owner.comments.add(issue.key, "Secret four")
    await team.owner.issues.delete([issue.key])
    for person in (team.viewer, team.member):
        assert "Secret" not in await said_in_history(person)
        kinds = [one.kind for one in (await person.history.of_project("CORE")).items]
        assert kinds == ["issue.deleted", "comment.created", "issue.changed", "issue.created"]
    for person in (team.maintainer, team.owner, team.admin):
        told = await said_in_history(person)
        assert all(f"Secret {word}" in told for word in ("one", "two", "three", "four"))
    await team.owner.issues.purge([issue.key])
    assert "Secret" not in await said_in_history(team.admin)


async def test_history_keeps_the_words_of_a_deleted_comment_for_those_who_may_delete_it(team: Team) -> None:
    """They were in the history for everybody, as they were written and as they were edited. Now they are for
    their author, who can take the deletion back, and for maintainers."""
    issue = await team.owner.issues.create("CORE", IssueDraft(title="A question"))
    comment = await team.member.comments.add(issue.key, "Secret one")
    await team.member.comments.edit(issue.key, comment.id, "Secret two")
    assert "Secret" in await said_in_history(team.viewer)
    await team.maintainer.comments.delete(issue.key, comment.id)
    other = team.instance.person("moe")
    team.instance.join(team.project_id, other, Role.MEMBER)
    for person in (team.viewer, other):
        assert "Secret" not in await said_in_history(person)
        said = (await person.history.of_issue(issue.key)).items[-2]
        assert (said.kind, said.after) == ("comment.created", {"id": comment.id})
    for person in (team.member, team.maintainer):
        told = await said_in_history(person)
        assert "Secret one" in told
        assert "Secret two" in told
    await team.owner.members.set_role("CORE", "mia", Role.VIEWER)
    assert "Secret" not in await said_in_history(team.member)


async def test_a_private_view_is_in_nobodys_history(team: Team) -> None:
    """When a view was published, or no longer, the history of the project told what it asked for while it was
    its owner's alone."""
    views = team.member.views
    await views.save("Mine", "assignee:vic label:secret", key="CORE")
    await views.save("Mine", "is:open", key="CORE", published=True)
    await views.save("Mine", "assignee:vic label:hidden", key="CORE", published=False)
    told = await said_in_history(team.owner)
    assert "is:open" in told
    assert "secret" not in told
    assert "hidden" not in told


# Files and programs --------------------------------------------------------------------------------------


async def test_a_backup_is_not_written_into_a_file_that_somebody_prepared(
    conninfo: str, tmp_path: Path
) -> None:
    """In a folder that others can write to, the draft's name is easily guessed: a link there sent every
    password's hash to a file of theirs, or wrote over one of mine."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".all.dump.{os.getpid()}").symlink_to(victim)
    with pytest.raises(Invalid, match="can't be written"):
        await backup.backup(conninfo, tmp_path / "all.dump")
    assert victim.read_text() == "mine"


async def test_a_backup_runs_no_programs_when_it_is_restored(
    conninfo: str, empty: str, tmp_path: Path, instance: Instance
) -> None:
    r"""A restore goes through psql, which runs a line such as `\! rm -rf ~`; a crafted backup has one inside
    of a comment. PostgreSQL's programs tell psql to obey no such line."""
    file, marker = tmp_path / "crafted.dump", tmp_path / "ran"
    room = "x" * (len(str(marker)) + 20)
    instance.sql.execute(f"COMMENT ON TABLE users IS '{room}'".encode())
    await backup.backup(conninfo, file)
    crafted = f"';\n\\! touch {marker}\n--".ljust(len(room), "-").encode()
    whole = file.read_bytes()
    assert room.encode() in whole
    file.write_bytes(whole.replace(room.encode(), crafted))
    with pytest.raises(Unavailable, match="restricted"):
        await restore.restore(empty, file)
    assert not marker.exists()


async def test_a_pg_restore_that_lets_backups_run_programs_is_not_used(
    conninfo: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older minor versions do not tell psql: with them, whoever made the file had a shell."""
    file, marker, old = tmp_path / "crafted.dump", tmp_path / "ran", tmp_path / "pg_restore"
    await backup.backup(conninfo, file)
    found = clients.program
    old.write_text(
        f"""#!/bin/sh
        if [ "$1" = --list ]; then exec '{found("pg_restore", 17)}' --list; fi
        printf '%s\\n' '--' '' 'SET a.b = 0;' '\\! touch {marker}'
        """
    )
    old.chmod(0o755)
    monkeypatch.setattr(
        clients, "program", lambda name, *which: old if name == "pg_restore" else found(name, *which)
    )
    with pytest.raises(Unavailable, match="too old"):
        await restore.restore(empty, file)
    assert not marker.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_root_gives_nothing_away_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root makes folders for the account that runs PostgreSQL, in a folder that is that account's already. It
    could put a link to anything in the place of the new folder before root changed its owner and its mode."""
    secret = tmp_path / "shadow"
    secret.write_text("root's own")
    secret.chmod(0o600)

    def exchanged(dir: Path) -> str:
        link = Path(dir, "draft")
        link.symlink_to(secret)
        return str(link)

    monkeypatch.setattr("tempfile.mkdtemp", exchanged)
    with pytest.raises(OSError, match="draft"):
        places.make_home(tmp_path / "home", places.Account(65534, 65534))
    assert (secret.stat().st_uid, secret.stat().st_mode & 0o777) == (0, 0o600)


def test_tcp_would_be_refused_by_the_embedded_server(postgres: Postgres) -> None:
    """Root wrote pg_hba.conf itself, into a folder of another account, and so through any link there; initdb
    writes it now, as that account. It still lets nobody in but by the private socket."""
    lines = [
        line.split()
        for line in (postgres.server.data / "pg_hba.conf").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert {line[-1] for line in lines if line[0] == "local"} == {"trust"}
    assert {line[-1] for line in lines if line[0] != "local"} == {"reject"}


async def test_a_url_that_cannot_be_read_is_quoted_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """libpq quotes a malformed URL with its password, and the pool wrote that into the log."""
    for url in ("postgresql://ada:hunter2%zz@localhost/db", "host=localhost password='hunter2"):
        for ask in (lambda: Database(url), lambda: migrate.inspect(url)):  # noqa: B023 - run at once
            with pytest.raises(Invalid, match="URL can't be read") as refused:
                ask()
            assert "hunter2" not in f"{refused.value}{refused.value.hint}{caplog.text}"
