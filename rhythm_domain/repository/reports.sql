-- Reports over several sprints, or over none.

-- name: sprint_outcomes
-- What was committed to the last finished sprints: what was in each when it started.
SELECT s.id, held.issues, held.points
FROM (SELECT id, started_at, finished_at FROM sprints
      WHERE project_id = %(project)s AND state = 'finished' AND deleted_at IS NULL
      ORDER BY finished_at DESC LIMIT %(limit)s) AS s
CROSS JOIN LATERAL (
  SELECT count(*) AS issues, coalesce(sum(estimate), 0) AS points
  FROM (SELECT DISTINCT i.id, i.estimate FROM sprint_scope c JOIN issues i ON i.id = c.issue_id
        WHERE c.sprint_id = s.id AND c.added_at <= s.started_at
          AND (c.removed_at IS NULL OR c.removed_at > s.started_at) AND i.deleted_at IS NULL) AS committed
) AS held
ORDER BY s.finished_at DESC;

-- name: status_flow
-- How the number of issues in each status changed on each day from a day on, counted where the person is; and
-- without a day, how many there are now. The trash is left out, as it is from every list. An issue that was
-- brought in closed and never moved here counts as todo until the day of its closing. Of the moves only the
-- latest are looked at: `read` says how many, `oldest` how far back they go.
WITH span AS (
  SELECT (%(first)s::date)::timestamp AT TIME ZONE %(zone)s AS start
), moves AS (
  SELECT e.issue_id, e.seq, e.at, e.before->>'status' AS was, e.after->>'status' AS now
  FROM events e
  WHERE e.project_id = %(project)s AND e.before ? 'status' AND e.at >= (SELECT start FROM span)
  ORDER BY e.at DESC LIMIT %(limit)s
), known AS (
  SELECT m.* FROM moves m JOIN issues i ON i.id = m.issue_id WHERE i.deleted_at IS NULL
), begun AS (
  SELECT DISTINCT ON (issue_id) issue_id, was FROM known ORDER BY issue_id, at, seq
), steps AS (
  SELECT at, was AS status, -1 AS change FROM known
  UNION ALL
  SELECT at, now, 1 FROM known
  UNION ALL
  SELECT i.created_at, coalesce(b.was, CASE WHEN i.closed_at > i.created_at THEN 'todo' ELSE i.status::text END), 1
  FROM issues i LEFT JOIN begun b ON b.issue_id = i.id
  WHERE i.project_id = %(project)s AND i.deleted_at IS NULL AND i.created_at >= (SELECT start FROM span)
  UNION ALL
  SELECT i.closed_at, s.status, s.change
  FROM issues i CROSS JOIN LATERAL (VALUES ('todo', -1), (i.status::text, 1)) AS s (status, change)
  WHERE i.project_id = %(project)s AND i.deleted_at IS NULL AND i.status IN ('done', 'cancelled')
    AND i.closed_at >= (SELECT start FROM span) AND i.closed_at > i.created_at
    AND NOT EXISTS (SELECT FROM begun b WHERE b.issue_id = i.id)
), told AS (
  SELECT count(*) AS read, (min(at) AT TIME ZONE %(zone)s)::date AS oldest FROM moves
)
SELECT (at AT TIME ZONE %(zone)s)::date AS day, status, sum(change) AS change, read, oldest
FROM steps CROSS JOIN told GROUP BY 1, 2, 4, 5
UNION ALL
SELECT NULL, status::text, sum(total), read, oldest FROM issue_counts CROSS JOIN told
WHERE project_id = %(project)s GROUP BY 2, 4, 5;
