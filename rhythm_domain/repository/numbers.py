"""The SQL of lists by number: in each project from where reading starts to where it ends.

Issues are compared one by one, or an index is asked for them, segment by segment. Across projects reading
reaches back about as far in all, and what is found is put in the order of time no further than a page needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.sql import SQL, Composable, Identifier, Literal

from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.repository import facets
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.sources import (
    INDEXED,
    OF_MEMBER,
    Driver,
    Reading,
    beyond_all,
    conditions,
    indexed,
    rows,
)

EVERYTHING = 2**30
"""More issues than any project has."""

_COUNTED = 2000
"""Living issues up to which one is counted off: further on, numbers are taken for issues."""

_SEGMENT = Literal(SEGMENT)

_WANTED = SQL("%(wanted)s")
"""How many issues are found at most: a parameter, as any number may be missing of what is known of a list."""


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


def reaching(alone: int | None, reading: Reading) -> Composable:
    """The projects `p` to read by number: each from its `bound` to its `reach`, which is not read any more.

    About as many issues are read as the parameter `rows` says, and never more of one project. Across projects
    those are, as lists begin with the newest, all that are newer than some moment: the one up to which half
    of the largest projects, by their size, have their share of `rows` or more. Where that is known, `mark` is
    the id of the issue that has the number `reach`, and `marked_at` when it was created. Further parameters:
    as for `scope`.
    """
    if alone is not None:
        # Issues are counted, as there may be many numbers in a row of what is in the trash.
        reach = SQL(
            "CASE WHEN %(rows)s >= {everything} THEN {end} ELSE"
            " coalesce((SELECT s.number FROM issue_search s WHERE s.project_id = p.id"
            " AND s.number {beyond} p.bound ORDER BY s.number {way} OFFSET least(%(rows)s, {most}) LIMIT 1)"
            " {further} greatest(%(rows)s - {most}, 0), {end}) END"
        ).format(
            everything=Literal(EVERYTHING),
            beyond=reading.from_bound,
            way=reading.way,
            most=Literal(_COUNTED),
            further=SQL("-" if reading.falls else "+"),
            end=Literal(-1 if reading.falls else beyond_all(descending=True)),
        )
        return SQL(
            "(SELECT p.id, p.bound, p.top, {reach} AS reach, NULL::bigint AS mark,"
            " NULL::timestamptz AS marked_at FROM (SELECT {id} AS id,"
            " coalesce((%(at_numbers)s::int[])[1], {bound}) AS bound, coalesce("
            "(SELECT max(s.number) FROM issue_search s WHERE s.project_id = {id}), 0) AS top OFFSET 0) p) p"
        ).format(reach=reach, id=Literal(alone), bound=Literal(beyond_all(descending=reading.descending)))
    if not reading.falls:
        return SQL(
            "(SELECT a.*, least(a.bound, a.top) + 21"
            " + (%(rows)s::float8 * a.top / (sum(a.top) OVER () + 1))::int AS reach,"
            " NULL::bigint AS mark, NULL::timestamptz AS marked_at FROM {projects} OFFSET 0) p"
        ).format(projects=_bounded(reading))
    return SQL(
        "(WITH a AS MATERIALIZED (SELECT * FROM {projects}),"
        " h AS MATERIALIZED (SELECT a.id, a.top, i.number, i.created_at AS at FROM"
        "   (SELECT a.*, ceil(%(rows)s::float8 * a.top / (sum(a.top) OVER () + 1))::int AS share"
        "    FROM a ORDER BY a.top DESC LIMIT 9) a"
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
    ).format(projects=_bounded(reading), most=Literal(_COUNTED))


def reached(reading: Reading) -> Composable:
    """The `id`, `reach`, `mark` and `marked_at` of the projects, to be `known` when they are read again."""
    return SQL("SELECT p.id, p.reach, p.mark, p.marked_at FROM {}").format(reaching(None, reading))


def known(reading: Reading) -> Composable:
    """The projects `p` read from their newest issue to where they were read before. Parameters: projects,
    user, at_projects, at_numbers (their `reach`), marks and at_moments (`marked_at`).
    """
    return SQL(
        "(SELECT a.id, {bound} AS bound, NULL::timestamptz AS moment, a.top, a.quota, k.reach, k.mark,"
        " k.marked_at FROM {projects} JOIN unnest(%(at_projects)s::int[], %(at_numbers)s::int[],"
        " %(marks)s::bigint[], %(at_moments)s::timestamptz[]) AS k (id, reach, mark, marked_at)"
        " ON k.id = a.id OFFSET 0) p"
    ).format(projects=_bounded(reading), bound=Literal(beyond_all(descending=reading.descending)))


def to_the_end(reading: Reading) -> Composable:
    """All projects `p` read to their last issue. Parameters: as for `scope`."""
    return SQL(
        "(SELECT a.*, {end} AS reach, NULL::bigint AS mark, NULL::timestamptz AS marked_at"
        " FROM {projects} OFFSET 0) p"
    ).format(end=Literal(-1 if reading.falls else beyond_all(descending=True)), projects=_bounded(reading))


def _bounded(reading: Reading) -> Composable:
    """The projects `a`: id, where reading starts (`bound`, `moment`), the last number given (`top`), and how
    many of its issues are put in the order of time (`quota`).
    """
    return SQL(
        "(SELECT a.*, least(%(wanted)s,"
        " 3 + ceil(2.0::float8 * %(wanted)s * a.top / (sum(a.top) OVER () + 1)))::int AS quota"
        " FROM (SELECT a.id, coalesce(r.number, {bound}) AS bound, r.moment, coalesce(n.last, 0) AS top"
        " FROM unnest(%(projects)s::int[]) AS a (id) LEFT JOIN issue_numbers n ON n.project_id = a.id"
        " LEFT JOIN unnest(%(at_projects)s::int[], %(at_numbers)s::int[], %(at_moments)s::timestamptz[])"
        " AS r (id, number, moment) ON r.id = a.id {member} OFFSET 0) a OFFSET 0) a"
    ).format(
        bound=Literal(beyond_all(descending=reading.descending)),
        member=OF_MEMBER,
    )


def window(clauses: Sequence[Clause], reading: Reading, *, words: bool, words_first: bool) -> Composable:
    """The issues of project `p` from its bound to its reach that fulfil everything, each of them compared;
    its words before the conditions if they are to be the first.

    As many of their ids and numbers as are `wanted`, and where there are fewer, the first issue behind the
    reach: that one is not `found`.
    """
    found = _compared(clauses, reading, words=words, words_first=words_first)
    return _marked(found, reading, _WANTED)


def looked_up(clauses: Sequence[Clause], reading: Reading, *, exactly: bool, across: bool) -> Composable:
    """The same, where the index is asked for the words, one segment after the other; `exactly` says that what
    it finds fits the words. Parameters: words, lookup.

    Words that are rare, or that nobody wrote, cost a look into the index for each segment.
    """
    wanted = _PART if across else _WANTED
    found = _asked_for(clauses, reading, exactly, wanted)
    return _in_part(found, reading) if across else _marked(found, reading, wanted)


_PART = SQL("p.quota + 1")


def _in_part(source: Composable, reading: Reading) -> Composable:
    """So few of each project as they will do in most: of each it has to be seen when it was created. One more
    stands for the place at which to go on.
    """
    found = SQL(
        "SELECT f.id, f.number, f.created_at, row_number() OVER () <= p.quota AS found FROM ({}) f"
    ).format(source)
    return _marked(found, reading, _PART)


def faceted(clauses: Sequence[Clause], reading: Reading, *, words: bool, across: bool) -> Composable:
    """The same, where the index of facets is asked for what fulfils the conditions that it knows, one of its
    segments after the other, and all else is compared.
    """
    wanted = _PART if across else _WANTED
    named = SQL(
        "SELECT x.* FROM (SELECT f.* FROM"
        " (SELECT f.issue_id, f.number FROM issue_facets f WHERE {asked} OFFSET 0) f"
        " WHERE {stretch} ORDER BY f.number {way} OFFSET 0) f"
        " CROSS JOIN LATERAL (SELECT i.* FROM ({indexed} WHERE x.id = f.issue_id OFFSET 0) i WHERE {cheap}) x"
    ).format(
        cheap=_cheap(clauses),
        asked=facets.asked(clauses, SQL("g")),
        stretch=_stretch_of("f", reading, segment=False),
        way=reading.way,
        indexed=INDEXED,
    )
    found = _segment_after_segment(named, clauses, reading, words=words, lookup=False, limit=wanted)
    return _in_part(found, reading) if across else _marked(found, reading, wanted)


def window_and_looked_up(reading: Reading, *, exactly: bool) -> Composable:
    """Words alone: those from bound to reach compared, and all others looked up. Nothing remains."""
    onward = Reading(descending=reading.falls)
    return SQL(
        "(({window}) UNION ALL (SELECT f.* FROM"
        " (SELECT p.id, p.top, p.reach + {step} AS bound, {end} AS reach OFFSET 0) p"
        " CROSS JOIN LATERAL ({looked_up}) f) LIMIT {limit})"
    ).format(
        window=_compared((), reading, words=True, words_first=True),
        looked_up=_asked_for((), onward, exactly, _WANTED),
        step=Literal(1 if reading.falls else -1),
        end=Literal(-1 if reading.falls else beyond_all(descending=True)),
        limit=_WANTED,
    )


def _compared(clauses: Sequence[Clause], reading: Reading, *, words: bool, words_first: bool) -> Composable:
    """Issues from bound to reach, with `words` one segment after the other."""
    parts = _parts(clauses, reading, _WANTED)
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
            "SELECT i.id, i.number, i.created_at, true AS found FROM ({lying}) i WHERE {all}"
            " ORDER BY i.number {way} LIMIT {limit}"
        ).format(lying=lying, **parts)
    if clauses and not words_first:
        fitting = SQL(
            "SELECT s.id, s.number, s.created_at FROM (SELECT i.id, i.number, i.created_at FROM ({lying}) i"
            " WHERE {all} ORDER BY i.number {way} OFFSET 0) s WHERE {fits}"
        ).format(lying=lying, fits=_FITS.format(row=SQL("s")), **parts)
    else:
        fitting = SQL(
            "SELECT s.issue_id AS id, s.number, NULL::timestamptz AS created_at FROM issue_search s"
            " WHERE s.project_id = p.id AND {stretch} AND ts_match_vq(s.tsv, q.words)"
        ).format(stretch=_stretch_of("s", reading, segment=True))
    if clauses and words_first:
        fitting = SQL(
            "SELECT s.* FROM ({fitting} ORDER BY s.number {way} OFFSET 0) s WHERE {fulfils}"
        ).format(fitting=fitting, fulfils=_FULFILS.format(**parts), **parts)
    return SQL(
        "SELECT s.id, s.number, s.created_at, true AS found FROM {segments} CROSS JOIN LATERAL"
        " ({fitting} ORDER BY s.number {way} LIMIT {limit}) s LIMIT {limit}"
    ).format(segments=_segments(reading, words=True, lookup=False), fitting=fitting, **parts)


_FULFILS = SQL("(SELECT true FROM issue_index i WHERE i.id = s.id AND {all})")
"""That an issue whose words were read fulfils the conditions."""
_FITS = SQL("(SELECT ts_match_vq(f.tsv, q.words) FROM issue_search f WHERE f.issue_id = {row}.id)")
"""That the words `q` of a segment fit an issue."""


def _asked_for(clauses: Sequence[Clause], reading: Reading, exactly: bool, limit: Composable) -> Composable:
    """At most `limit` issues from bound to reach that the index finds, and that fulfil the conditions."""
    found = SQL(
        "SELECT i.* FROM ({} WHERE words_of(x.id) @@ q.lookup OFFSET 0) i WHERE {} ORDER BY i.number {}"
    ).format(
        INDEXED,
        SQL(" AND ").join([_stretch_of("i", reading, segment=False), _cheap(clauses)]),
        reading.way,
    )
    return _segment_after_segment(found, clauses, reading, words=not exactly, lookup=True, limit=limit)


def _cheap(clauses: Sequence[Clause]) -> Composable:
    """What is cheap to compare of the conditions."""
    cheap: list[Composable] = [
        SQL("({})").format(clause.cheap) for clause in clauses if clause.cheap is not None
    ]
    return SQL(" AND ").join(cheap or [SQL("true")])


def _segment_after_segment(
    found: Composable,
    clauses: Sequence[Clause],
    reading: Reading,
    *,
    words: bool,
    lookup: bool,
    limit: Composable,
) -> Composable:
    """Of what is found in each segment `g`, in order, with what is cheap of the conditions, the first ones
    that fulfil all of these, and with `words` these, too: no more of them are compared than it takes.
    """
    # Of what has passed the cheap part of a condition, the words leave less than the rest of it would.
    first: list[Composable] = [clause.where for clause in clauses if clause.cheap is None]
    last = [clause.where for clause in clauses if clause.elsewhere and clause.cheap is not None]
    for compared in [*first, *([_FITS.format(row=SQL("i"))] if words else []), *last]:
        found = SQL("SELECT i.* FROM ({} OFFSET 0) i WHERE {}").format(found, compared)
    return SQL(
        "SELECT s.id, s.number, s.created_at, true AS found FROM {segments} CROSS JOIN LATERAL"
        " ({found} LIMIT {limit}) s LIMIT {limit}"
    ).format(segments=_segments(reading, words=words, lookup=lookup), found=found, limit=limit)


def _marked(source: Composable, reading: Reading, limit: Composable) -> Composable:
    """Rows, and behind fewer than `limit` the first issue that reading did not come to."""
    return SQL(
        "(SELECT f.* FROM ({source}) f UNION ALL (SELECT p.mark, p.reach, p.marked_at, false"
        " WHERE p.mark IS NOT NULL) UNION ALL (SELECT s.issue_id, s.number, NULL, false FROM issue_search s"
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


_WORDS = SQL("replace(%(words)s, '@', p.id || '.' || g || '/')::tsquery AS words")
_LOOKUP = SQL("replace(%(lookup)s, '@', p.id || '.' || g || '/')::tsquery AS lookup")


def _segments(reading: Reading, *, words: bool, lookup: bool) -> Composable:
    """The segments `g` of project `p` from its bound to its reach, and the words `q` as each has them."""
    between = SQL(
        "generate_series(least(p.bound, p.top) / {0}, greatest(p.reach + 1, 0) / {0}, -1) AS g"
        if reading.falls
        else "generate_series(greatest(p.bound, 0) / {0}, least(p.reach - 1, p.top) / {0}, 1) AS g"
    ).format(_SEGMENT)
    asked = [_WORDS] * words + [_LOOKUP] * lookup
    if not asked:
        return between
    return SQL("{} CROSS JOIN LATERAL (SELECT {} OFFSET 0) q").format(between, SQL(", ").join(asked))


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
