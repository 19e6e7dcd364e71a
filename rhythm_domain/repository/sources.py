"""Where a search statement reads from: the SQL of its projects, its words, and its rows.

Statements have one form: for each project `p` of the scope LATERAL a few rows in order, then all of them
merged. That holds at any number of projects, where `project_id = ANY(...)` would sort everything.

Words are looked up segment by segment (see `lexemes`), newest first; `p.filters` holds the whole condition of
each segment, made once per statement. `ts_match_vq` is `@@` that no index serves, and `OFFSET 0` keeps a
subquery as it is: both are fences that keep the planner from turning a cheap order of work round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from psycopg.sql import SQL, Composable, Identifier, Literal

from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.repository import facets
from rhythm_domain.repository.conditions import OPEN, Clause

WINDOW = 500
"""The newest issues whose words are compared before the index is asked: that answers every frequent word."""

EVERYTHING = 2**30
"""More issues than any project has."""

_SEGMENT = Literal(SEGMENT)

_OF_MEMBER = SQL(
    "JOIN project_members m ON m.project_id = a.id AND m.user_id = %(user)s AND m.ended_at IS NULL"
)
_LAST = SQL("((SELECT max(s.number) FROM issue_search s WHERE s.project_id = {id}) / {segment})")
_FILTERS = SQL(
    "(SELECT array_agg(replace(%(words)s, '@', {id} || '.' || g || '/')::tsquery ORDER BY g)"
    " FROM generate_series(0, {last}) AS g)"
)
"""Queries of their own: of one project they are run once, where one to join with may be run for each row."""
_NEVER = 2**31 - 1

_COUNTED = 2000
"""Living issues up to which one is counted off: further on, numbers are taken for issues."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Which way a list is read: an order that falls or rises, on or back from a place in it."""

    descending: bool
    back: bool = False

    @property
    def falls(self) -> bool:
        """Whether values fall as one reads."""
        return self.descending is not self.back

    @property
    def way(self) -> Composable:
        return SQL("DESC") if self.falls else SQL("ASC")

    @property
    def beyond(self) -> Composable:
        """How a row read compares with the place where reading starts, which is none of them."""
        return SQL("<") if self.falls else SQL(">")

    @property
    def from_bound(self) -> Composable:
        """How a number compares with a bound: that was the last one read before, so going back reads it."""
        return SQL("{}{}").format(self.beyond, SQL("=") if self.back else SQL(""))

    @property
    def inclusive(self) -> int:
        """What to add to a number that is to be read itself, to have it as a bound."""
        return 0 if self.back else 1 if self.falls else -1


@lru_cache(maxsize=512)
def scope(alone: int | None, *, words: bool, descending: bool) -> Composable:
    """The projects `p`: id, where reading starts (`bound`), and with words the queries of their segments.

    Without one that is `alone`, the rows are only of those that the person is a member of, whatever ids are
    given, and `moment` is that of the last issue read before. Parameters: projects, user, at_projects,
    at_numbers and at_moments (where to go on), words.
    """
    bound = Literal(beyond_all(descending=descending))
    id_: Composable = SQL("a.id") if alone is None else Literal(alone)
    last = _LAST.format(id=id_, segment=_SEGMENT)
    columns = SQL(", {} AS last, {} AS filters").format(last, _FILTERS.format(id=id_, last=last))
    if alone is not None:
        return SQL("(SELECT {id} AS id, {bound} AS bound{columns}) p").format(
            id=id_,
            bound=SQL("coalesce((%(at_numbers)s::int[])[1], {})").format(bound),
            columns=columns if words else SQL(""),
        )
    return SQL(
        "(SELECT a.id, coalesce(r.number, {bound}) AS bound, r.moment{columns}"
        " FROM unnest(%(projects)s::int[]) AS a (id)"
        " LEFT JOIN unnest(%(at_projects)s::int[], %(at_numbers)s::int[], %(at_moments)s::timestamptz[])"
        " AS r (id, number, moment) ON r.id = a.id {member} OFFSET 0) p"
    ).format(bound=bound, columns=columns if words else SQL(""), member=_OF_MEMBER)


def beyond_all(*, descending: bool) -> int:
    """A number that stands before all issues of a project in an order that falls, or rises."""
    return _NEVER if descending else 0


def conditions(clauses: Iterable[Clause], *, words: bool) -> Composable:
    """What a row `i` of a project `p` must fulfil; with `words`, also theirs."""
    parts: list[Composable] = [SQL("i.project_id = p.id AND i.deleted_at IS NULL")]
    parts += [clause.where for clause in clauses]
    if words:
        parts.append(
            SQL("(SELECT ts_match_vq(s.tsv, {}) FROM issue_search s WHERE s.issue_id = i.id)").format(
                words_of("i")
            )
        )
    return SQL(" AND ").join(parts)


@dataclass(frozen=True)
class Driver:
    """What a statement starts from: ids of issues of project `p`, these `issues` themselves, or with `own`
    the conditions on issues' own columns, among whose indexes the planner chooses.
    """

    ids: SQL | None = None
    own: tuple[Clause, ...] = ()
    issues: SQL | None = None

    def __hash__(self) -> int:
        return hash((self.ids and self.ids.as_string(), self.own, self.issues and self.issues.as_string()))


def rows(driver: Driver | None) -> Composable:
    """The rows `i`: all issues, or those that a driver names, each once, in the order in which they lie."""
    if driver is None:
        return SQL("issues i")
    if driver.issues is not None:
        return SQL("({} OFFSET 0) i").format(driver.issues)
    if driver.ids is None:
        return SQL(
            "(SELECT i.* FROM issues i WHERE i.project_id = p.id AND i.deleted_at IS NULL AND {} OFFSET 0) i"
        ).format(SQL(" AND ").join(SQL("({})").format(clause.where) for clause in driver.own))
    return SQL(
        "(SELECT DISTINCT d.id FROM ({}) d ORDER BY d.id OFFSET 0) d"
        " CROSS JOIN LATERAL (SELECT i.* FROM issues i WHERE i.id = d.id OFFSET 0) i"
    ).format(driver.ids)


def matches(*, exactly: bool) -> Driver:
    """The issues of project `p` that the index finds for the words; `exactly` says that these fit them.
    Parameters: words, lookup.
    """
    return _MATCHES[exactly]


def _found_in_segment() -> Composable:
    return SQL(
        "SELECT s.issue_id AS id, s.number, s.tsv FROM issue_search s"
        " WHERE s.tsv @@ replace(%(lookup)s, '@', p.id || '.' || g || '/')::tsquery OFFSET 0"
    )


_MATCHES = tuple(
    Driver(
        SQL(
            SQL("SELECT s.id FROM generate_series(p.last, 0, -1) AS g CROSS JOIN LATERAL ({}) s WHERE {}")
            .format(_found_in_segment(), SQL("true" if exactly else "ts_match_vq(s.tsv, p.filters[g + 1])"))
            .as_string()
        )
    )
    for exactly in (False, True)
)


def by_number(clauses: Sequence[Clause], driver: Driver, reading: Reading) -> Composable:
    """Ids, numbers and times of creation of project `p` from its bound among those of a driver, in order,
    without regard to words.
    """
    return SQL(
        "SELECT i.id, i.number, i.created_at FROM {rows} WHERE {conditions} AND i.number {beyond} p.bound"
        " ORDER BY i.number {way} OFFSET 0"
    ).format(
        rows=rows(driver),
        conditions=conditions(clauses, words=False),
        beyond=reading.from_bound,
        way=reading.way,
    )


def words_of(row: str) -> Composable:
    """The words as they are asked for in the segment of a row's number in project `p`."""
    return SQL("p.filters[{} / {} + 1]").format(Identifier(row, "number"), _SEGMENT)


# By number ---------------------------------------------------------------------------------------------


def reaching(alone: int | None, reading: Reading, limit: int) -> Composable:
    """The projects `p` to read by number: each from its `bound` to its `reach`, which is not read any more.

    About as many issues are read as the parameter `rows` says, and never more of one project. Across projects
    those are, as lists begin with the newest, all that are newer than some moment: the one up to which half
    of the largest projects, by their size, have their share of `rows` or more. Where that is known, `mark` is
    the id of the issue that has the number `reach`, and `marked_at` when it was created. Further parameters:
    as for `scope`.
    """
    if alone is not None:
        reach = SQL(
            "least(p.bound, p.top + 1) - 1 - %(rows)s"
            if reading.falls
            else "least(p.bound, p.top) + 1 + %(rows)s"
        )
        return SQL(
            "(SELECT p.id, p.bound, p.top, {reach} AS reach, NULL::bigint AS mark FROM (SELECT {id} AS id,"
            " coalesce((%(at_numbers)s::int[])[1], {bound}) AS bound, coalesce("
            "(SELECT max(s.number) FROM issue_search s WHERE s.project_id = {id}), 0) AS top OFFSET 0) p) p"
        ).format(reach=reach, id=Literal(alone), bound=Literal(beyond_all(descending=reading.descending)))
    if not reading.falls:
        return SQL(
            "(SELECT a.*, least(a.bound, a.top) + 21"
            " + (%(rows)s::float8 * a.top / (sum(a.top) OVER () + 1))::int AS reach,"
            " NULL::bigint AS mark, NULL::timestamptz AS marked_at FROM {projects} OFFSET 0) p"
        ).format(projects=_bounded(reading, limit))
    return SQL(
        "(WITH a AS MATERIALIZED (SELECT * FROM {projects}),"
        " h AS MATERIALIZED (SELECT a.id, a.top, i.number, i.created_at AS at FROM"
        "   (SELECT a.*, ceil(%(rows)s::float8 * a.top / (sum(a.top) OVER () + 1))::int AS share"
        "    FROM a WHERE %(rows)s < {everything} ORDER BY a.top DESC LIMIT 25) a"
        "   LEFT JOIN LATERAL (SELECT i.number, i.created_at FROM issues i WHERE i.project_id = a.id"
        "     AND i.number <= (SELECT s.number FROM issue_search s"
        "       WHERE s.project_id = a.id AND s.number < a.bound"
        "       ORDER BY s.number DESC OFFSET least(a.share, {most}) LIMIT 1) - greatest(a.share - {most}, 0)"
        "     ORDER BY i.number DESC LIMIT 1) i ON true),"
        " t AS MATERIALIZED (SELECT coalesce((SELECT h.at FROM"
        "   (SELECT h.at, sum(h.top) OVER (ORDER BY h.at DESC NULLS LAST) AS part FROM h) h"
        "   WHERE 2 * h.part >= (SELECT sum(h.top) FROM h) ORDER BY h.part LIMIT 1), '-infinity') AS at)"
        " SELECT a.*, greatest(a.furthest, coalesce(r.number, -1)) AS reach,"
        " CASE WHEN r.number >= a.furthest THEN r.id END AS mark, r.created_at AS marked_at"
        " FROM (SELECT a.*, least(least(a.bound, a.top + 1) - 1 - %(rows)s, h.number) AS furthest"
        "   FROM a LEFT JOIN h ON h.id = a.id) a CROSS JOIN t"
        " LEFT JOIN LATERAL (SELECT i.id, i.number, i.created_at FROM issues i"
        "   WHERE i.project_id = a.id AND i.deleted_at IS NULL AND i.created_at < t.at AND i.number < a.bound"
        "   ORDER BY i.created_at DESC, i.id DESC LIMIT 1) r ON true OFFSET 0) p"
    ).format(projects=_bounded(reading, limit), most=Literal(_COUNTED), everything=Literal(EVERYTHING))


def _bounded(reading: Reading, limit: int) -> Composable:
    """The projects `a`: id, where reading starts (`bound`, `moment`), the last number given (`top`), and how
    many of its issues are put in the order of time (`quota`).
    """
    return SQL(
        "(SELECT a.*, least({limit}, 5 + ceil(2.0::float8 * {limit} * a.top / (sum(a.top) OVER () + 1)))::int"
        " AS quota FROM (SELECT a.id, coalesce(r.number, {bound}) AS bound, r.moment,"
        " coalesce((SELECT n.last FROM issue_numbers n WHERE n.project_id = a.id), 0) AS top"
        " FROM unnest(%(projects)s::int[]) AS a (id)"
        " LEFT JOIN unnest(%(at_projects)s::int[], %(at_numbers)s::int[], %(at_moments)s::timestamptz[])"
        " AS r (id, number, moment) ON r.id = a.id {member} OFFSET 0) a OFFSET 0) a"
    ).format(
        limit=Literal(limit),
        bound=Literal(beyond_all(descending=reading.descending)),
        member=_OF_MEMBER,
    )


def window(
    clauses: Sequence[Clause], reading: Reading, *, words: bool, words_first: bool, limit: int
) -> Composable:
    """The issues of project `p` from its bound to its reach that fulfil everything, each of them compared;
    its words before the conditions if they are to be the first.

    At most `limit` of their ids and numbers, and where there are fewer, the first issue behind the reach:
    that one is not `found`.
    """
    found = _compared(clauses, reading, words=words, words_first=words_first, limit=limit)
    return _marked(found, reading, Literal(limit))


def looked_up(
    clauses: Sequence[Clause], reading: Reading, *, exactly: bool, limit: int, across: bool
) -> Composable:
    """The same, where the index is asked for the words, one segment after the other; `exactly` says that
    what it finds fits them. Parameters: words, lookup.

    Words that are rare, or that nobody wrote, cost a look into the index for each segment.
    """
    if not across:
        return _marked(_asked_for(clauses, reading, exactly, Literal(limit)), reading, Literal(limit))
    return _in_part(_asked_for(clauses, reading, exactly, _PART), reading)


_PART = SQL("p.quota + 1")


def _in_part(source: Composable, reading: Reading) -> Composable:
    """So few of each project as they will do in most: of each it has to be seen when it was created. One more
    stands for the place at which to go on.
    """
    found = SQL("SELECT f.id, f.number, row_number() OVER () <= p.quota AS found FROM ({}) f").format(source)
    return _marked(found, reading, _PART)


def faceted(
    clauses: Sequence[Clause], reading: Reading, *, words: bool, limit: int, across: bool
) -> Composable:
    """The same, where the index of facets is asked for what fulfils the conditions that it knows, one of its
    segments after the other, and all else is compared.
    """
    wanted = _PART if across else Literal(limit)
    parts = _parts(clauses, reading, wanted)
    found = SQL(
        "SELECT i.id, i.number"
        " FROM (SELECT i.* FROM issues i WHERE i.deleted_at IS NULL AND {facets} OFFSET 0) i"
        " WHERE i.project_id = p.id AND {stretch} AND {all} ORDER BY i.number {way}"
    ).format(
        facets=facets.asked(clauses, SQL("g")), stretch=_stretch_of("i", reading, segment=False), **parts
    )
    if words:
        found = SQL(
            "SELECT s.id, s.number FROM ({found} OFFSET 0) s WHERE (SELECT ts_match_vq(f.tsv,"
            " replace(%(words)s, '@', p.id || '.' || s.number / {segment} || '/')::tsquery)"
            " FROM issue_search f WHERE f.issue_id = s.id)"
        ).format(found=found, segment=_SEGMENT)
    found = SQL(
        "SELECT s.id, s.number, true AS found FROM {between} AS g CROSS JOIN LATERAL"
        " ({found} LIMIT {limit}) s LIMIT {limit}"
    ).format(between=_between(reading, facets.SEGMENT), found=found, **parts)
    return _in_part(found, reading) if across else _marked(found, reading, wanted)


def window_and_looked_up(reading: Reading, *, exactly: bool, limit: int) -> Composable:
    """Words alone: those from bound to reach compared, and all others looked up. Nothing remains."""
    onward = Reading(descending=reading.falls)
    return SQL(
        "(({window}) UNION ALL (SELECT f.* FROM"
        " (SELECT p.id, p.top, p.reach + {step} AS bound, {end} AS reach OFFSET 0) p"
        " CROSS JOIN LATERAL ({looked_up}) f) LIMIT {limit})"
    ).format(
        window=_compared((), reading, words=True, words_first=True, limit=limit),
        looked_up=_asked_for((), onward, exactly, Literal(limit)),
        step=Literal(1 if reading.falls else -1),
        end=Literal(-1 if reading.falls else _NEVER),
        limit=Literal(limit),
    )


def _compared(
    clauses: Sequence[Clause], reading: Reading, *, words: bool, words_first: bool, limit: int
) -> Composable:
    """Issues from bound to reach, with `words` one segment after the other."""
    parts = _parts(clauses, reading, Literal(limit))
    lying = SQL(
        "SELECT i.* FROM issues i WHERE i.project_id = p.id AND {stretch} AND i.deleted_at IS NULL{open}"
        " ORDER BY i.number {way} OFFSET 0"
    ).format(
        stretch=_stretch_of("i", reading, segment=words),
        open=SQL("").join(SQL(" AND {}").format(each.where) for each in indexed(clauses)),
        way=reading.way,
    )
    if not words:
        return SQL(
            "SELECT i.id, i.number, true AS found FROM ({lying}) i WHERE {all}"
            " ORDER BY i.number {way} LIMIT {limit}"
        ).format(lying=lying, **parts)
    if clauses and not words_first:
        fitting = SQL(
            "SELECT s.id, s.number FROM (SELECT i.id, i.number FROM ({lying}) i WHERE {all} OFFSET 0) s"
            " WHERE (SELECT ts_match_vq(f.tsv, q.words) FROM issue_search f WHERE f.issue_id = s.id)"
        ).format(lying=lying, **parts)
    else:
        fitting = SQL(
            "SELECT s.issue_id AS id, s.number FROM issue_search s WHERE s.project_id = p.id AND {stretch}"
            " AND ts_match_vq(s.tsv, q.words)"
        ).format(stretch=_stretch_of("s", reading, segment=True))
    if clauses and words_first:
        fitting = SQL(
            "SELECT s.id, s.number FROM ({fitting} ORDER BY s.number {way} OFFSET 0) s WHERE {fulfils}"
        ).format(fitting=fitting, fulfils=_FULFILS.format(**parts), **parts)
    return SQL(
        "SELECT s.id, s.number, true AS found FROM {segments} CROSS JOIN LATERAL"
        " ({fitting} ORDER BY s.number {way} LIMIT {limit}) s LIMIT {limit}"
    ).format(segments=_segments(reading, lookup=False), fitting=fitting, **parts)


_FULFILS = SQL("(SELECT true FROM issues i WHERE i.id = s.id AND {all})")
"""That an issue whose words were read fulfils the conditions."""


def _asked_for(clauses: Sequence[Clause], reading: Reading, exactly: bool, limit: Composable) -> Composable:
    """At most `limit` issues from bound to reach that the index finds."""
    parts = _parts(clauses, reading, limit)
    found = SQL(
        "SELECT s.id, s.number FROM (SELECT s.issue_id AS id, s.number, s.tsv FROM issue_search s"
        " WHERE s.tsv @@ q.lookup OFFSET 0) s WHERE {stretch} AND {fits} ORDER BY s.number {way}"
    ).format(
        stretch=_stretch_of("s", reading, segment=False),
        fits=SQL("true" if exactly else "ts_match_vq(s.tsv, q.words)"),
        **parts,
    )
    if clauses:
        found = SQL("SELECT s.id, s.number FROM ({} OFFSET 0) s WHERE {}").format(
            found, _FULFILS.format(**parts)
        )
    return SQL(
        "SELECT s.id, s.number, true AS found FROM {segments} CROSS JOIN LATERAL"
        " ({found} LIMIT {limit}) s LIMIT {limit}"
    ).format(segments=_segments(reading, lookup=True), found=found, **parts)


def _marked(source: Composable, reading: Reading, limit: Composable) -> Composable:
    """Rows, and behind fewer than `limit` the first issue that reading did not come to."""
    return SQL(
        "(SELECT f.* FROM ({source}) f UNION ALL (SELECT p.mark, p.reach, false WHERE p.mark IS NOT NULL)"
        " UNION ALL (SELECT s.issue_id, s.number, false FROM issue_search s"
        " WHERE p.mark IS NULL AND s.project_id = p.id"
        " AND s.number {beyond} p.bound AND s.number {beyond_reach} p.reach"
        " ORDER BY s.number {way} LIMIT 1) LIMIT {limit})"
    ).format(
        source=source,
        beyond=reading.from_bound,
        beyond_reach=SQL("<=" if reading.falls else ">="),
        way=reading.way,
        limit=limit,
    )


def _segments(reading: Reading, *, lookup: bool) -> Composable:
    """The segments `g` of project `p` from its bound to its reach, and the words `q` as each has them."""
    asked = SQL(", replace(%(lookup)s, '@', p.id || '.' || g || '/')::tsquery AS lookup" if lookup else "")
    return SQL(
        "{between} AS g CROSS JOIN LATERAL"
        " (SELECT replace(%(words)s, '@', p.id || '.' || g || '/')::tsquery AS words{asked} OFFSET 0) q"
    ).format(between=_between(reading, SEGMENT), asked=asked)


def _between(reading: Reading, segment: int) -> Composable:
    """The segments of so many numbers of project `p` from its bound to its reach."""
    return SQL(
        "generate_series(least(p.bound, p.top) / {0}, greatest(p.reach + 1, 0) / {0}, -1)"
        if reading.falls
        else "generate_series(greatest(p.bound, 0) / {0}, least(p.reach - 1, p.top) / {0}, 1)"
    ).format(Literal(segment))


def _stretch_of(row: str, reading: Reading, *, segment: bool) -> Composable:
    """That a row's number is between bound and reach, and with `segment` in the segment `g`."""
    number = Identifier(row, "number")
    parts: list[Composable] = [
        SQL("{} {} p.bound").format(number, reading.from_bound),
        SQL("{} {} p.reach").format(number, SQL(">" if reading.falls else "<")),
    ]
    if segment:
        parts.append(SQL("{0} >= g * {1} AND {0} < (g + 1) * {1}").format(number, _SEGMENT))
    return SQL(" AND ").join(parts)


def _parts(clauses: Sequence[Clause], reading: Reading, limit: Composable) -> dict[str, Composable]:
    conditions = [SQL("({})").format(clause.where) for clause in clauses]
    return {
        "all": SQL(" AND ").join(conditions) if conditions else SQL("true"),
        "way": reading.way,
        "limit": limit,
    }


def sample(*, width: int) -> Composable:
    """How many of the newest issues of project `p` the look-up and the prefix fit, each alone and together.
    Parameters: lookup, prefix.
    """
    return SQL(
        "SELECT count(*) AS seen, count(*) FILTER (WHERE s.complete) AS complete,"
        " count(*) FILTER (WHERE s.begun) AS begun,"
        " count(*) FILTER (WHERE s.complete AND s.begun) AS narrow"
        " FROM (SELECT s.* FROM generate_series("
        "(SELECT max(s.number) FROM issue_search s WHERE s.project_id = p.id) / {segment}, 0, -1) AS g"
        " CROSS JOIN LATERAL (SELECT replace(%(lookup)s, '@', p.id || '.' || g || '/')::tsquery AS lookup,"
        " replace(%(prefix)s, '@', p.id || '.' || g || '/')::tsquery AS prefix OFFSET 0) q"
        " CROSS JOIN LATERAL (SELECT s.number, ts_match_vq(s.tsv, q.lookup) AS complete,"
        " ts_match_vq(s.tsv, q.prefix) AS begun FROM issue_search s WHERE s.project_id = p.id"
        " AND s.number >= g * {segment} AND s.number < (g + 1) * {segment}"
        " ORDER BY s.number DESC LIMIT {width}) s LIMIT {width}) s"
    ).format(segment=_SEGMENT, width=Literal(width))


def indexed(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """What the indexes of orders and of numbers know of some conditions: that open issues are wanted."""
    return (OPEN,) if any(clause.closed is False for clause in clauses) else ()


def all_of(clauses: Sequence[Clause], driver: Driver | None, *, words: bool) -> Composable:
    """One empty row for each issue of project `p`, to be counted."""
    return SQL("SELECT FROM {} WHERE {}").format(rows(driver), conditions(clauses, words=words))


def among(clauses: Sequence[Clause], *, alone: int | None, words: bool) -> Composable:
    """The ids of those of some issues that fulfil everything. Parameters: ids, and those of `scope`."""
    return SQL(
        "SELECT i.id FROM {scope} CROSS JOIN"
        " (SELECT i.* FROM issues i WHERE i.id = ANY(%(ids)s::bigint[]) OFFSET 0) i WHERE {where}"
    ).format(scope=scope(alone, words=words, descending=True), where=conditions(clauses, words=words))
