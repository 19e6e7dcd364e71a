"""Hostile texts wherever a text can be stored: by the services if they accept it, else behind their back.

Every sequence for a terminal carries the number that `terminal.SENTINEL` looks for.
"""

from __future__ import annotations

import json
from decimal import Decimal
from unicodedata import normalize

from psycopg.sql import SQL, Composable, Identifier, Literal

from rhythm_domain.models import IssueType, LinkKind, Priority, Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit, SprintEdit
from rhythm_domain.session import Session
from tests.instances import Instance

MARKUP = "[/][@click=app.quit]x[/][red]y[/red]"
WIDE = "漢字かな交じり文👩‍👩‍👧‍👦🏳️‍🌈🇺🇦ｶﾅ"
RIGHT_TO_LEFT = "שלום עולם مرحبا"

STORABLE = (
    f"zq {MARKUP} a",
    "zq [@click=app.copy_to_clipboard('7331')]c[/] [link=file:///etc/passwd]l[/link] $t {x} %s \\[",
    "zq \u202egnp.exe\u202c \u2066i\u2069 \u061c\u200e\u200f",
    "zq z\u200be\u200cr\u200do\u2060w\ufeffi\u00add\u034ft\u3164h\u115f \U000e0041\U000e007f",
    "zq " + "e" + "\u0301" * 29 + " " + "a\u0335\u0489" * 12,
    f"zq {WIDE}",
    f"zq {RIGHT_TO_LEFT}",
    "zq ![i](javascript:7331) [x](command:7331) <script>7331</script> `#` **b** ~~s~~ | t |",
    "zq \u2028line\u2029paragraph \U0001d173 \ufff9 \u17b4",
    "zq " + "W" * 240,
    "zq " + "漢" * 117,
)
"""Lines that the services store, each at most 250 characters."""

CONTROLS = (
    "\x1b[2J\x1b[7331;7331H\x1b[7331m\x1b[?7331h",
    "\x1b]52;c;7331NzMzMQ==\x07",
    "\x1b]8;;file:///7331\x1b\\zq\x1b]8;;\x1b\\",
    "\x1bP7331q~\x1b\\\x1b_7331\x1b\\\x1b^7331\x1b\\\x1bX7331\x1b\\",
    "\x1b]2;7331\x07\x1b]0;7331\x1b\\\x1bc\x1b(0\x0e",
    "\x9b7331m\x9d2;7331\x9c\x907331\x9c\x85\x84\x8d",
    "\x01\x07\x08\x0b\x0c\x0e\x0f\x1a\x7f\r7331",
    "e" + "\u0301" * 100,
    "\x1b",
    "\x9b",
    "tail \x1b[",
)
"""What no service stores; put there behind its back."""

BODIES = (
    f"# {MARKUP}\n\n> quote\n\n" + "\n\n".join(STORABLE[:9]),
    "[a](javascript:7331) [b](file:///etc/7331) [c](command:7331) [d](data:text/html,7331) <vbscript:7331>\n"
    "[e](https://example.org/&#27;]52;c;7331&#7;) [f](https://example.org/') onclick=7331) "
    "[g](http://a/');app.quit();') &#27;[7331m &#x9b;7331m &#8238; &#0;\n\n"
    "![p](https://example.org/&#27;7331.png '&#27;[7331m') <img src=x onerror=7331>\n\n"
    '[r]: https://example.org "&#27;]2;7331&#7;"\n[r]\n\n```&#27;[7331m\ncode &#27;[7331m\n```\n',
    "> " * 100 + "deep\n\n" + "\n".join("  " * depth + "- deep" for depth in range(60)),
    "```python\nnever ends\n" + "x = 1\n" * 60,
    "|" + "c|" * 60 + "\n|" + "-|" * 60 + "\n" + ("|" + "v|" * 60 + "\n") * 4,
    "*_" * 200 + "[" * 200 + "`" * 99 + "<" * 200 + "![" * 200,
    "a" * 3000,
    "漢字 \u202e[/] " * 300,
    ("word " * 300) + "end",
    "\n" * 300 + "below",
)
"""Bodies that the services store."""


def marker(at: int) -> str:
    """What stands in a text until a sequence that no service stores takes its place."""
    return f"QZ{at % len(CONTROLS)}QZ"


NAMES = (*STORABLE, *(f"zq {marker(at)} c" for at in range(len(CONTROLS))))
"""Lines for every name; those with a marker become worse later."""

ISSUES = 3 * len(NAMES)
"""Issues of CORE: more than are read at once."""

LABELS = tuple(
    f"{at} {name.replace(',', '').replace(chr(34), '')}"[:50].strip() for at, name in enumerate(NAMES)
)
SPRINTS = tuple(f"{at} {name}"[:100].strip() for at, name in enumerate(NAMES))


async def fill(instance: Instance, owner: Session, member: Session, viewer: Session) -> None:
    """A project CORE full of it, with these people, and others around it."""
    _people(instance, owner, member, viewer)
    await owner.projects.edit("CORE", name=f"zq {marker(0)} {MARKUP}", description=BODIES[0])
    for at, text in enumerate(NAMES):
        await owner.projects.edit(
            f"P{at}X", name=text[:100].strip(), description=f"{text}\n{BODIES[at % len(BODIES)][:90_000]}"
        )
        await owner.labels.create("CORE", LABELS[at], description=text[:250])
        await owner.sprints.create("CORE", SPRINTS[at], f"{text}\n{MARKUP}")
        view, key = f"{at} {text}"[:100].strip(), "CORE" if at % 2 else None
        await owner.views.save(view, f"zq {text[:200]}", key=key, published=key is not None)
    await owner.sprints.start("CORE", SPRINTS[0])
    for at in range(ISSUES):
        await member.issues.create("CORE", _draft(at))
    await _remember(owner, member)
    _put_in_place(instance)


def _people(instance: Instance, *team: Session) -> None:
    owner, member, viewer = team
    core = instance.value("SELECT id FROM projects WHERE key = 'CORE'")
    named = dict(zip((person.user.name for person in team), (1, 2, 5), strict=True))
    for at in range(len(NAMES)):
        instance.project(f"P{at}X", owner=owner, member=member, viewer=viewer)
        other = instance.person(f"p{at}")
        instance.join(core, other, Role.MEMBER)
        named[other.user.name] = at
    for name, at in named.items():
        full = normalize("NFC", f"{NAMES[at][:70]} {marker(at)}")
        instance.sql.execute("UPDATE users SET display_name = %s WHERE name = %s", (full, name))


def _draft(at: int) -> IssueDraft:
    """An issue that has everything. The newest ones have the worst texts."""
    return IssueDraft(
        title=f"{NAMES[at % len(NAMES)]}"[:250].strip(),
        description=BODIES[at % len(BODIES)],
        status=list(Status)[at % 4],
        priority=list(Priority)[at % 5],
        type=list(IssueType)[at % 5],
        assignee=f"p{at % len(NAMES)}",
        sprint=SPRINTS[at % 3] if at % 4 else None,
        estimate=Decimal(at % 9),
        labels=(LABELS[at % len(LABELS)], LABELS[(at + 5) % len(LABELS)]),
        parent="CORE-1" if at % 3 == 2 else None,
    )


async def _remember(owner: Session, member: Session) -> None:
    """Comments, links and a history of the newest issue."""
    key = f"CORE-{ISSUES}"
    for at, text in enumerate((*NAMES, *BODIES)):
        await (owner, member)[at % 2].comments.add(key, text)
    await owner.issues.link(key, LinkKind.BLOCKED_BY, "CORE-2")
    for at, text in enumerate(NAMES):
        issue = await owner.issues.show(key)
        edit = IssueEdit(
            base_version=issue.version,
            title=text[:250].strip(),
            description=f"{BODIES[1]}\n{text}",
            assignee=f"p{at}",
            sprint=SPRINTS[at % 9],
            add_labels=(LABELS[at],),
            remove_labels=(LABELS[at - 1],) if at else (),
        )
        await owner.issues.edit(key, edit)
    await owner.labels.edit("CORE", LABELS[0], new_name=f"zq {MARKUP}")
    await owner.sprints.edit("CORE", SPRINTS[1], SprintEdit(name=f"zq {MARKUP} {marker(1)}"))


def _put_in_place(instance: Instance) -> None:
    """Puts sequences where their markers are, in every column of every table, whatever would refuse them."""
    run = instance.sql.execute
    checks = run(
        "SELECT conname, contypid::regtype::text AS type, conrelid::regclass::text AS of FROM pg_constraint"
        " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    ).fetchall()
    for check in checks:
        kind, of = ("TABLE", check["of"]) if check["of"] != "-" else ("DOMAIN", check["type"])
        drop = SQL("ALTER {} {} DROP CONSTRAINT {}")
        run(drop.format(SQL(kind), Identifier(of), Identifier(check["conname"])))
    run("ALTER TABLE events DISABLE TRIGGER USER")
    columns = run(
        "SELECT table_name, column_name, data_type = 'jsonb' AS json FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb') AND column_name <> 'folded'"
    ).fetchall()
    for column in columns:
        name = Identifier(column["column_name"])
        replaced: Composable = SQL("{}::text").format(name)
        for at, text in enumerate(CONTROLS):
            put = json.dumps(text)[1:-1] if column["json"] else text
            replaced = SQL("replace({}, {}, {})").format(replaced, Literal(marker(at)), Literal(put))
        run(
            SQL("UPDATE {} SET {} = ({}){} WHERE {}::text LIKE '%QZ%'").format(
                Identifier(column["table_name"]), name, replaced,
                SQL("::jsonb" if column["json"] else ""), name,
            )
        )  # fmt: skip
    run("UPDATE labels SET colour = %s WHERE mod(id, 3) = 0", ("\x1b[7331m[/]\u202e",))
