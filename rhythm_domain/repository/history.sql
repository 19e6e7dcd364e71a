-- History: what happened, and what can be taken back.

-- part: undone
-- Whether a person took the event `e` back, and not that again. Of few events: looked up for each, not among all undos.
EXISTS (SELECT 1 FROM events x
               WHERE x.undoes = e.operation AND x.id = x.operation AND x.actor_id = e.actor_id
               AND NOT EXISTS (SELECT 1 FROM events y WHERE y.undoes = x.operation AND y.id = y.operation
                               AND y.actor_id = x.actor_id OFFSET 0) OFFSET 0)

-- name: events_of_project
-- The latest changes of a project, newest first.
SELECT e.seq, e.id, e.operation, e.kind, e.permission, e.actor_id, u.name, u.display_name, e.at, e.issue_id,
       p.key AS project_key, i.number, e.before, e.after, e.undoes, i.deleted_at IS NOT NULL AS trashed,
       c.withdrawn, c.said_by,
       {{undone}} AS undone
FROM events e JOIN users u ON u.id = e.actor_id
JOIN projects p ON p.id = e.project_id
LEFT JOIN issues i ON i.id = e.issue_id
LEFT JOIN LATERAL (
  SELECT deleted_at IS NOT NULL AS withdrawn, author_id AS said_by FROM comments
  WHERE id = CASE WHEN e.kind LIKE 'comment.%%' THEN (e.after->>'id')::bigint END OFFSET 0) c ON true
WHERE e.project_id = %(project)s AND e.seq < %(before)s
ORDER BY e.seq DESC LIMIT %(limit)s;

-- name: events_of_all
-- The latest changes in all projects of a person, newest first: of each the latest, merged, by an index alone.
SELECT e.seq, e.id, e.operation, e.kind, e.permission, e.actor_id, u.name, u.display_name, e.at, e.issue_id,
       p.key AS project_key, i.number, e.before, e.after, e.undoes, i.deleted_at IS NOT NULL AS trashed,
       c.deleted_at IS NOT NULL AS withdrawn, c.author_id AS said_by, e.project_id, e.role,
       {{undone}} AS undone
FROM (SELECT each.*, latest.role
      FROM (SELECT each.seq, m.role
            FROM project_members m
            JOIN projects mine ON mine.id = m.project_id AND mine.deleted_at IS NULL
            CROSS JOIN LATERAL (SELECT seq FROM events WHERE project_id = m.project_id AND seq < %(before)s
                                ORDER BY seq DESC LIMIT %(limit)s) each
            WHERE m.user_id = %(user)s AND m.ended_at IS NULL
            ORDER BY each.seq DESC LIMIT %(limit)s) latest
      CROSS JOIN LATERAL (SELECT * FROM events WHERE seq = latest.seq OFFSET 0) each) e
JOIN users u ON u.id = e.actor_id
JOIN projects p ON p.id = e.project_id
LEFT JOIN issues i ON i.id = e.issue_id
LEFT JOIN comments c ON e.kind LIKE 'comment.%%' AND c.id = (e.after->>'id')::bigint
ORDER BY e.seq DESC;

-- name: events_of_issue
-- The changes of an issue, newest first.
SELECT e.seq, e.id, e.operation, e.kind, e.permission, e.actor_id, u.name, u.display_name, e.at, e.issue_id,
       p.key AS project_key, i.number, e.before, e.after, e.undoes, i.deleted_at IS NOT NULL AS trashed,
       c.withdrawn, c.said_by,
       {{undone}} AS undone
FROM events e JOIN users u ON u.id = e.actor_id
JOIN projects p ON p.id = e.project_id
LEFT JOIN issues i ON i.id = e.issue_id
LEFT JOIN LATERAL (
  SELECT deleted_at IS NOT NULL AS withdrawn, author_id AS said_by FROM comments
  WHERE id = CASE WHEN e.kind LIKE 'comment.%%' THEN (e.after->>'id')::bigint END OFFSET 0) c ON true
WHERE e.issue_id = %(issue)s AND e.seq < %(before)s
ORDER BY e.seq DESC LIMIT %(limit)s;

-- name: names_in_events
-- What the ids in some events stand for.
SELECT 'person' AS kind, id::bigint AS id, display_name AS name FROM users WHERE id = ANY(%(people)s::int[])
UNION ALL
SELECT 'sprint', id, name FROM sprints WHERE id = ANY(%(sprints)s::int[]) AND project_id = ANY(%(projects)s::int[])
UNION ALL
SELECT 'label', id, name FROM labels WHERE id = ANY(%(labels)s::int[]) AND project_id = ANY(%(projects)s::int[])
UNION ALL
SELECT 'issue', i.id, p.key || '-' || i.number FROM issues i JOIN projects p ON p.id = i.project_id
WHERE i.id = ANY(%(issues)s::bigint[]) AND i.project_id = ANY(%(projects)s::int[]);

-- name: who_wrote_in_issue
-- Who wrote the text that a field of an issue holds now.
SELECT u.display_name AS name FROM events e JOIN users u ON u.id = e.actor_id
WHERE e.issue_id = %(issue)s AND e.after ? %(field)s::text ORDER BY e.seq DESC LIMIT 1;

-- name: edits_in_project
-- The latest edits of some texts of a project, or of something in it that has an id of its own, newest first:
-- what a field of it held before, where it was changed, and who changed it. Found among the latest events.
SELECT e.before->>%(field)s::text AS before, u.display_name AS name,
       e.before->>%(field)s::text IS DISTINCT FROM e.after->>%(field)s::text AS changed
FROM (SELECT * FROM events WHERE project_id = %(project)s ORDER BY seq DESC LIMIT %(within)s) e
JOIN users u ON u.id = e.actor_id
WHERE e.kind = %(kind)s AND (%(id)s::int IS NULL OR (e.after->>'id')::int = %(id)s::int)
  AND EXISTS (SELECT FROM unnest(%(texts)s::text[]) AS t (name)
              WHERE e.before->>t.name IS DISTINCT FROM e.after->>t.name)
ORDER BY e.seq DESC LIMIT %(edits)s;

-- name: undo_target
-- A person's latest change in a project that is neither undone nor itself an undo; with `rights`, the latest
-- that was made by one of these permissions.
SELECT e.seq, e.operation, e.kind, e.permission
FROM events e
WHERE e.actor_id = %(user)s AND e.project_id = %(project)s AND e.undoes IS NULL AND e.erased_at IS NULL
  AND e.kind <> ALL(%(aside)s::text[])
  AND (%(rights)s::text[] IS NULL OR e.permission = ANY(%(rights)s::text[]))
  AND NOT EXISTS (SELECT 1 FROM events u
                  WHERE u.undoes = e.operation AND u.id = u.operation AND u.actor_id = e.actor_id
                  AND NOT EXISTS (SELECT 1 FROM events r WHERE r.undoes = u.operation AND r.id = r.operation
                                  AND r.actor_id = u.actor_id))
ORDER BY e.seq DESC LIMIT 1;

-- name: projects_of_operations
-- Where some operations of a person changed something, but for some kinds of change; the latest first.
SELECT p.key
FROM events e JOIN projects p ON p.id = e.project_id AND p.deleted_at IS NULL
WHERE e.operation = ANY(%(operations)s::uuid[]) AND e.actor_id = %(user)s AND e.kind <> ALL(%(aside)s::text[])
GROUP BY p.id ORDER BY max(e.seq) DESC;

-- name: events_passed_over
-- The last event of each of a person's changes in a project behind one, but for those of some permissions,
-- newest first.
SELECT * FROM (
  SELECT DISTINCT ON (e.operation)
         e.seq, e.id, e.operation, e.kind, e.permission, e.actor_id, u.name, u.display_name, e.at, e.issue_id,
         p.key AS project_key, i.number, e.before, e.after, e.undoes, false AS undone,
         i.deleted_at IS NOT NULL AS trashed, false AS withdrawn, NULL::int AS said_by
  FROM events e JOIN users u ON u.id = e.actor_id
  JOIN projects p ON p.id = e.project_id
  LEFT JOIN issues i ON i.id = e.issue_id
  WHERE e.actor_id = %(user)s AND e.project_id = %(project)s AND e.undoes IS NULL AND e.erased_at IS NULL
    AND e.seq > %(since)s AND e.kind <> ALL(%(aside)s::text[]) AND e.permission <> ALL(%(rights)s::text[])
  ORDER BY e.operation, e.seq DESC) AS last
ORDER BY seq DESC LIMIT %(limit)s;

-- name: redo_target
-- A person's latest undo in a project that was not taken back, unless they changed something since.
SELECT e.operation, e.kind, e.permission
FROM events e
WHERE e.actor_id = %(user)s AND e.project_id = %(project)s AND e.undoes IS NOT NULL AND e.id = e.operation
  AND EXISTS (SELECT 1 FROM events x WHERE x.operation = e.undoes AND x.undoes IS NULL)
  AND NOT EXISTS (SELECT 1 FROM events r WHERE r.undoes = e.operation AND r.id = r.operation
                  AND r.actor_id = e.actor_id)
  AND NOT EXISTS (SELECT 1 FROM events n WHERE n.actor_id = %(user)s AND n.project_id = %(project)s
                  AND n.undoes IS NULL AND n.seq > e.seq)
ORDER BY e.seq DESC LIMIT 1;

-- name: take_back_target
-- What an undo or redo of the person that was sent before took back.
SELECT t.operation, t.kind, t.permission
FROM events e JOIN events t ON t.operation = e.undoes AND t.actor_id = e.actor_id
WHERE e.operation = %(operation)s AND e.actor_id = %(user)s AND e.project_id = %(project)s
ORDER BY t.seq DESC LIMIT 1;

-- name: own_work
-- Whether all that an operation changed is the person's own: issues that they reported, comments of theirs.
SELECT bool_and(CASE WHEN e.kind LIKE 'comment.%%' THEN c.author_id ELSE i.reporter_id END = %(user)s) IS TRUE AS own
FROM events e
LEFT JOIN issues i ON i.id = e.issue_id
LEFT JOIN comments c ON e.kind LIKE 'comment.%%' AND c.id = (e.after->>'id')::bigint
WHERE e.operation = %(operation)s AND e.issue_id IS NOT NULL;

-- name: taken_back
-- What an undo or redo changed, what it left alone, and what it passed over.
SELECT i.number, e.kind, coalesce(e.after->>'name', e.before->>'name') AS name, e.after->'skipped' AS skipped,
       e.after->'passed' AS passed
FROM events e LEFT JOIN issues i ON i.id = e.issue_id
WHERE e.operation = %(operation)s ORDER BY e.seq;

-- name: done_by_taking_back
-- What an undo or redo did, each kind of it once: changes of issues are of one kind if they wrote the same,
-- wherever that put them in the order; labels, which may come and go with issues, are each of their own. Few
-- kinds are enough to know that they were not of one.
SELECT e.kind, e.before, e.after, i.number
FROM (SELECT min(seq) AS seq
      FROM events
      WHERE operation = %(operation)s AND undoes IS NOT NULL AND kind <> %(skipped)s
      GROUP BY kind, CASE WHEN kind = 'issue.changed'
                          THEN after - ARRAY['rank', 'closed_at', 'description']
                          WHEN kind LIKE 'label.%%' THEN after->'id' END
      ORDER BY 1 LIMIT 12) kinds
JOIN events e ON e.seq = kinds.seq LEFT JOIN issues i ON i.id = e.issue_id
ORDER BY e.seq;

-- name: lock_undo
-- One undo or redo at a time for a person in a project; they take their turns.
SELECT pg_advisory_xact_lock(%(user)s, %(project)s)
FROM (SELECT set_config('lock_timeout', '4s', true) OFFSET 0) patience;

-- name: events_of_operation
-- What an operation did, the last first. Its id is the client's to choose: what another person, or the same
-- one elsewhere or by another right, did under it is not taken back with it.
SELECT e.seq, e.kind, e.issue_id, e.before, e.after, e.erased_at IS NOT NULL AS erased, i.number
FROM events e LEFT JOIN issues i ON i.id = e.issue_id
WHERE e.operation = %(operation)s AND e.actor_id = %(user)s AND e.project_id = %(project)s
  AND e.permission = ANY(%(permissions)s::text[])
  AND e.seq < %(before)s ORDER BY e.seq DESC LIMIT %(limit)s;

-- name: touched_by_others
-- Which of some issues somebody else changed since.
SELECT DISTINCT issue_id FROM events
WHERE issue_id = ANY(%(issues)s::bigint[]) AND seq > %(since)s AND actor_id <> %(user)s;

-- name: comments_touched_by_others
-- Which of some comments somebody else deleted or brought back since.
SELECT DISTINCT (after->>'id')::bigint AS id FROM events
WHERE issue_id = ANY(%(issues)s::bigint[]) AND kind LIKE 'comment.%%' AND seq > %(since)s AND actor_id <> %(user)s;

-- name: outcome
-- Whether an operation of a person was saved.
SELECT EXISTS (SELECT 1 FROM events WHERE operation = %(operation)s AND actor_id = %(user)s) AS saved;

-- name: issues_of_operation
-- The issues of an operation of a person; if it began with a choice of issues, that comes first.
SELECT e.issue_id, CASE WHEN e.kind = %(chosen)s THEN e.after->'issues' END AS chosen
FROM events e
WHERE e.operation = %(operation)s AND e.actor_id = %(user)s AND (e.issue_id IS NOT NULL OR e.kind = %(chosen)s)
ORDER BY e.seq LIMIT %(limit)s;

-- name: trashed_of_operation
-- The issues of an operation of a person that are in the trash.
SELECT DISTINCT e.issue_id FROM events e JOIN issues i ON i.id = e.issue_id AND i.deleted_at IS NOT NULL
WHERE e.operation = %(operation)s AND e.actor_id = %(user)s;

-- name: count_of_operation
-- How many issues an operation of a person changed.
SELECT count(DISTINCT issue_id) AS issues FROM events WHERE operation = %(operation)s AND actor_id = %(user)s;
