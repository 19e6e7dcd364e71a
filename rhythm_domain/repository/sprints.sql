-- Sprints: the list, the one statement that changes any of their columns, and their reports.

-- name: sprints_of
-- The sprints of a project, or one of them, with what is in each now: the active one, planned ones by their
-- first day, finished ones from the latest. A finished one counts what was in it at its finish: what was
-- carried over then is of it, and is not done there, wherever it was done later.
SELECT s.id, p.key AS project_key, s.name, s.goal, s.state, s.starts_on, s.ends_on, s.started_at, s.finished_at,
       s.version, held.issue_count, held.done_count, held.points, held.done_points
FROM (SELECT * FROM sprints s
      WHERE s.project_id = %(project)s AND s.deleted_at IS NULL
        AND s.state = ANY(%(states)s::sprint_state[]) AND (%(id)s::int IS NULL OR s.id = %(id)s)
      ORDER BY array_position('{active,planned,finished}'::sprint_state[], s.state),
               s.finished_at DESC, s.starts_on, s.id
      LIMIT %(limit)s) AS s
JOIN projects p ON p.id = s.project_id
CROSS JOIN LATERAL (
  SELECT count(*) AS issue_count, count(*) FILTER (WHERE of.done) AS done_count,
         coalesce(sum(of.estimate), 0) AS points,
         coalesce(sum(of.estimate) FILTER (WHERE of.done), 0) AS done_points
  FROM (SELECT i.estimate, i.status = 'done' AS done
        FROM issues i WHERE s.state <> 'finished' AND i.sprint_id = s.id AND i.deleted_at IS NULL
        UNION ALL
        SELECT i.estimate, i.status = 'done' AND bool_or(c.removed_at = s.finished_at) IS NOT TRUE
        FROM sprint_scope c JOIN issues i ON i.id = c.issue_id
        WHERE s.state = 'finished' AND c.sprint_id = s.id AND i.deleted_at IS NULL
          AND (c.removed_at IS NULL OR c.removed_at >= s.finished_at)
        GROUP BY i.id) AS of) AS held
ORDER BY array_position('{active,planned,finished}'::sprint_state[], s.state),
         s.finished_at DESC, s.starts_on, s.id;

-- name: sprint_by_name
-- A sprint by folded name; the active one for an empty name.
SELECT id, state FROM sprints
WHERE project_id = %(project)s AND deleted_at IS NULL
  AND CASE WHEN %(folded)s = '' THEN state = 'active' ELSE folded = %(folded)s END;

-- name: hold_sprint_by_name
-- The same, held: who finishes it waits, and then finds the work that is planned into it.
SELECT id, state FROM sprints
WHERE project_id = %(project)s AND deleted_at IS NULL
  AND CASE WHEN %(folded)s = '' THEN state = 'active' ELSE folded = %(folded)s END
FOR SHARE;

-- name: sprint_names
SELECT name FROM sprints WHERE project_id = %(project)s AND deleted_at IS NULL ORDER BY id DESC LIMIT 1000;

-- name: hold_sprint
-- The raw values of a sprint, as history records them. Until the end nobody else changes it, or plans into it.
SELECT id, name, goal, state, starts_on, ends_on, started_at, finished_at, version,
       deleted_at IS NOT NULL AS deleted
FROM sprints WHERE id = %(id)s AND project_id = %(project)s FOR NO KEY UPDATE;

-- name: insert_sprint
INSERT INTO sprints (project_id, name, folded, goal, starts_on, ends_on)
VALUES (%(project)s, %(name)s, %(folded)s, %(goal)s, %(starts_on)s, %(ends_on)s) RETURNING id;

-- name: change_sprint
-- Writes the columns that `v` names. The version counts changes of the texts.
UPDATE sprints SET
  name = CASE WHEN v ? 'name' THEN v->>'name' ELSE name END,
  folded = CASE WHEN v ? 'name' THEN %(folded)s ELSE folded END,
  goal = CASE WHEN v ? 'goal' THEN v->>'goal' ELSE goal END,
  state = CASE WHEN v ? 'state' THEN (v->>'state')::sprint_state ELSE state END,
  starts_on = CASE WHEN v ? 'starts_on' THEN (v->>'starts_on')::date ELSE starts_on END,
  ends_on = CASE WHEN v ? 'ends_on' THEN (v->>'ends_on')::date ELSE ends_on END,
  started_at = CASE WHEN v ? 'started_at' THEN (v->>'started_at')::timestamptz ELSE started_at END,
  finished_at = CASE WHEN v ? 'finished_at' THEN (v->>'finished_at')::timestamptz ELSE finished_at END,
  deleted_at = CASE WHEN v ? 'deleted' THEN CASE WHEN (v->>'deleted')::boolean THEN now() END ELSE deleted_at END,
  version = version + CASE WHEN v ?| '{name,goal}' THEN 1 ELSE 0 END
FROM (SELECT %(changes)s::jsonb AS v) AS changes
WHERE id = %(id)s AND project_id = %(project)s;

-- name: clock
-- The transaction's time, and which day that is in a time zone.
SELECT now() AS now, (now() AT TIME ZONE %(zone)s)::date AS today;

-- name: active_sprint
SELECT id, name FROM sprints WHERE project_id = %(project)s AND state = 'active';

-- name: sprint_named_so
-- Whether a living sprint besides this one has a name.
SELECT 1 FROM sprints
WHERE project_id = %(project)s AND folded = %(folded)s AND id <> %(id)s AND deleted_at IS NULL;

-- name: hold_issues_of_sprint
-- The issues in a sprint, the trash included, locked in their one order.
SELECT id FROM issues
WHERE sprint_id = %(sprint)s AND project_id = %(project)s AND (closed_at IS NULL OR NOT %(open)s)
ORDER BY id FOR NO KEY UPDATE;

-- name: is_key_of
-- Whether a project has or had a key.
SELECT 1 FROM project_keys WHERE key = %(key)s AND project_id = %(project)s;

-- name: sprint_report
-- What was in a sprint since it started: in it at the start (committed), in it still or at the finish
-- (stayed), taken out by the finish (carried). Nothing can be planned into a finished sprint, and what was
-- open left it: so what stayed was closed, even if somebody took it up again later.
SELECT i.number, i.title, i.status, i.estimate,
       bool_or(c.added_at <= %(started_at)s::timestamptz) AS committed,
       bool_or(c.removed_at IS NULL OR c.removed_at > %(finished_at)s::timestamptz) IS TRUE AS stayed,
       bool_or(c.removed_at = %(finished_at)s::timestamptz) IS TRUE AS carried
FROM sprint_scope c JOIN issues i ON i.id = c.issue_id
WHERE c.sprint_id = %(id)s AND i.project_id = %(project)s AND i.deleted_at IS NULL
  AND %(started_at)s::timestamptz IS NOT NULL AND (c.removed_at IS NULL OR c.removed_at > %(started_at)s)
GROUP BY i.id ORDER BY i.number;

-- name: sprint_burndown
-- What was open at the end of each day of a sprint, up to its finish or today. Each stay of an open issue in
-- the sprint adds to the day on which it begins, and takes away from the one on which it was closed or taken
-- out. What the finish took out, or what happened later, takes nothing away. The scope is what was open or was
-- done in the sprint: only what is taken out while it is open takes away from it.
WITH span AS (
  SELECT id, started_at, finished_at, (started_at AT TIME ZONE %(zone)s)::date AS first,
         (coalesce(finished_at, now()) AT TIME ZONE %(zone)s)::date AS last, coalesce(finished_at, 'infinity') AS until
  FROM sprints WHERE id = %(id)s AND project_id = %(project)s AND started_at IS NOT NULL
), stays AS (
  SELECT c.added_at <= s.started_at AND (i.closed_at > s.started_at) IS NOT FALSE AS committed,
         greatest((c.added_at AT TIME ZONE %(zone)s)::date, s.first) AS begun,
         (least(CASE WHEN c.removed_at < s.until THEN c.removed_at END,
                CASE WHEN i.closed_at <= s.until THEN i.closed_at END) AT TIME ZONE %(zone)s)::date AS ended,
         (i.closed_at > greatest(c.added_at, s.started_at)) IS NOT FALSE AS work,
         (c.removed_at < least(s.until, i.closed_at)) IS TRUE AS taken_out,
         coalesce(i.estimate, 0) AS points
  FROM span s JOIN sprint_scope c ON c.sprint_id = s.id JOIN issues i ON i.id = c.issue_id
  WHERE i.deleted_at IS NULL AND (c.removed_at IS NULL OR c.removed_at > s.started_at)
), steps AS (
  SELECT begun AS day, 1 AS issues, points, work::int AS scope FROM stays
  UNION ALL
  SELECT greatest(ended, begun), -1, -points, -(taken_out AND work)::int FROM stays WHERE ended IS NOT NULL
), days AS (
  SELECT s.first + n AS day, sum(t.issues) AS issues, sum(t.points) AS points,
         sum(t.scope) AS scope_issues, sum(abs(t.points) * t.scope) AS scope_points
  FROM span s CROSS JOIN LATERAL generate_series(0, s.last - s.first) AS n
  LEFT JOIN steps t ON t.day = s.first + n
  GROUP BY 1
)
SELECT day, coalesce(sum(issues) OVER through, 0)::int AS issues, coalesce(sum(points) OVER through, 0) AS points,
       coalesce(sum(scope_issues) OVER through, 0)::int AS scope_issues,
       coalesce(sum(scope_points) OVER through, 0) AS scope_points,
       (SELECT count(*) FROM stays WHERE committed) AS committed_issues,
       (SELECT coalesce(sum(points), 0) FROM stays WHERE committed) AS committed_points
FROM days WINDOW through AS (ORDER BY day) ORDER BY day;
