"""The app in a pseudo terminal, beside the least that Textual can do there: from a key to the last byte of
what it paints, from the start of the process to the first full screen, at rest, and after thousands of keys.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from rhythm_domain.models import Status
from tests.benchmarks.instance import Bench
from tests.benchmarks.keystrokes import keystrokes
from tests.benchmarks.measure import Bound, Sample, Series
from tests.benchmarks.seat import QUIET, Seat

STARTS = 8
KEYS = 200
QUERIES = 24
REST = 20.0
"""Seconds of doing nothing over which the CPU is counted."""

ROUNDS = 40
"""Of a hundred keys each, after which the memory must not have grown."""

ESCAPE, ENTER = "\x1b", "\r"


def series(bench: Bench) -> Iterator[Series]:
    """Start, cursor, search, board, rest and memory; each bound is a multiple of the floor before it."""
    with TemporaryDirectory(prefix="rhythm-bench-") as folder:
        app = _Rhythm(bench, Path(folder))
        app.prepare()
        yield from _starts(app)
        yield from _cursor(app)
        yield _search(app)
        yield from _board(app)
        yield from _long_use(app)


class _Rhythm:
    """Opens the app where a person left it: at a view of the largest project."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.newest = _newest(bench, bench.large)
        self._variables = {
            "RHYTHM_DATA_DIR": str(bench.data_dir),
            "RHYTHM_STATE_DIR": str(folder),
            "RHYTHM_LOG_DIR": str(folder / "log"),
            "NO_COLOR": "",
            "COLORTERM": "truecolor",
        }

    def start(self) -> Seat:
        """A process at its beginning."""
        return Seat([sys.executable, "-m", "rhythm_tui"], self._variables)

    @contextmanager
    def at(self, project: str, view: str, *texts: str) -> Iterator[Seat]:
        """The app at a view (its key) of a project, once it shows the texts, at rest."""
        with self.start() as seat:
            seat.until("enter open")
            seat.rest(1)
            seat.press("go")
            seat.rest(0.5)
            seat.press(project)
            seat.rest(1)
            seat.press(ENTER)
            seat.rest(1)
            seat.press("4")  # So that the view is drawn anew.
            seat.rest(1)
            seat.press(view)
            if texts:
                seat.until(*texts)
            seat.rest(1)
            yield seat

    def prepare(self) -> None:
        """Leaves it at the issue table of the largest project: it opens there again."""
        with self.at(self.bench.large, "4") as seat:
            seat.press("1")
            seat.until(self.newest)
            seat.rest(1)
            seat.press("\x11")
            seat.rest(2)


def _bare(rows: int) -> Seat:
    return Seat([sys.executable, "-m", "tests.benchmarks.bare", str(rows)])


def _newest(bench: Bench, project: str) -> str:
    with bench.sql() as sql:
        row = sql.execute(
            "SELECT key || '-' || number FROM issues JOIN projects ON projects.id = project_id"
            " WHERE key = %s AND issues.deleted_at IS NULL ORDER BY issues.created_at DESC, issues.id DESC",
            (project,),
        ).fetchone()
    assert row is not None
    return str(row[0])


def _starts(app: _Rhythm) -> Iterator[Series]:
    """From exec to the first full screen, by turns."""
    bare, rhythm = Series("start: bare DataTable, 100 rows"), Series("start: issue table")
    for number in range(STARTS):
        with _bare(100) as seat:
            bare.samples.append(Sample(seat.until("row 30"), str(number)))
        with app.start() as seat:
            rhythm.samples.append(Sample(seat.until(app.newest, "enter open"), str(number)))
    rhythm.bound = Bound(p50=2 * bare.percentile(0.5))
    yield bare
    yield rhythm


def _cursor(app: _Rhythm) -> Iterator[Series]:
    bare = Series("cursor: bare DataTable")
    with _bare(1000) as seat:
        seat.until("row 30")
        _press(seat, "\x1b[B", into=bare)
    yield bare
    bound = Bound(p95=1.2 * bare.percentile(0.95))
    with app.start() as seat:
        seat.until(app.newest, "enter open")
        yield _press(seat, "j", into=Series("cursor: issue table", bound))
        yield _press(seat, "\x04", into=Series("page down: issue table"))


def _press(seat: Seat, key: str, *, into: Series, count: int = KEYS) -> Series:
    seat.rest(1)
    for number in range(count):
        into.samples.append(Sample(seat.painted(key), f"{key!r} {number}"))
    return into


def _search(app: _Rhythm) -> Series:
    """Every letter as it is typed; what was found before is taken away first."""
    into = Series("search: a letter to its results", Bound(p95=50))
    with app.start() as seat:
        seat.until(app.newest, "enter open")
        seat.rest(1)
        for queries in islice(_searches(), QUERIES):
            seat.press("/")
            seat.rest(0.2)
            for query in queries:
                into.samples.append(Sample(seat.painted(query[-1], quiet=4 * QUIET), query))
            seat.press(ESCAPE)
            seat.rest(0.4)
    return into


def _searches() -> Iterator[Sequence[str]]:
    """Every beginning of each search that is typed."""
    typed = [stroke.query for stroke in keystrokes("typed in the app", each=2)]
    begins = [at for at, query in enumerate(typed) if len(query) == 1]
    return (typed[begin:end] for begin, end in pairwise(begins))


def _board(app: _Rhythm) -> Iterator[Series]:
    """A small project's board, then one whose columns hold more than anybody will ever see."""
    small = Series("cursor: board, small project")
    with app.at(_smallest(app.bench), "2", "todo") as seat:
        _press(seat, "j", into=small, count=KEYS // 2)
    yield small
    bound = Bound(p95=1.2 * small.percentile(0.95))
    with app.at(app.bench.large, "2", "todo") as seat:
        yield _press(seat, "j", into=Series("cursor: board, largest project", bound), count=KEYS // 2)
        moved = Series("move a card there and back")
        for number in range(KEYS // 4):
            moved.samples.append(Sample(seat.painted("LH"[number % 2]), str(number)))
        yield moved


def _smallest(bench: Bench) -> str:
    """The project with the fewest open issues, of those that fill a screen."""
    with bench.sql() as sql:
        row = sql.execute(
            "SELECT key FROM issues JOIN projects ON projects.id = project_id"
            " WHERE issues.deleted_at IS NULL AND status = %s GROUP BY key HAVING count(*) >= 20"
            " ORDER BY count(*)",
            (Status.TODO,),
        ).fetchone()
    return str(row[0]) if row else bench.middling


def _long_use(app: _Rhythm) -> Iterator[Series]:
    """The CPU at rest in thousandths of a core, and the memory in MB, first warm and then after long use."""
    resting = Series("at rest, ‰ of a core", Bound(p50=5))
    warm = Series("memory, warm, MB")
    used, twice = Series("memory after long use, MB"), Series("memory after twice as long, MB")
    with app.at(app.bench.large, "1", app.newest) as seat:
        seat.rest(3)
        before = seat.cpu
        seat.rest(REST)
        resting.samples.append(Sample((seat.cpu - before) / REST * 1000, "issue table"))
        yield resting
        searches = cycle(_searches())
        for number in range(1, 2 * ROUNDS + 1):
            search = f"/{next(searches)[-1]}"
            for key in (
                "j" * 20,
                "\x04" * 10,
                ENTER,
                ESCAPE,
                "2",
                "lljjj",
                "1",
                search,
                ESCAPE,
                ESCAPE,
                "gg",
            ):
                seat.painted(key, patience=1.0)
            into = {ROUNDS // 4: warm, ROUNDS: used, 2 * ROUNDS: twice}.get(number)
            if into is not None:
                into.samples.append(Sample(seat.memory, f"{number} rounds"))
    used.bound = twice.bound = Bound(p50=1.1 * warm.samples[0].ms)
    yield warm
    yield used
    yield twice
