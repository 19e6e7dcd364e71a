-- What the guard asks before anything else. Every statement re-reads the person's session, account and role.

-- part: who
s.read_only,
       s.last_seen_at < now() - interval '5 minutes' AS stale,
       u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at,
       i.read_only AS instance_read_only, i.search_generation, i.names_version,
       set_config('statement_timeout', '5s', true) AS statement_timeout,
       set_config('lock_timeout', '2s', true) AS lock_timeout,
       set_config('idle_in_transaction_session_timeout', '15s', true) AS idle_timeout

-- part: present
-- One row each, whatever the planner takes these small tables for.
sessions s
CROSS JOIN LATERAL (SELECT * FROM users WHERE id = s.user_id OFFSET 0) u
CROSS JOIN (SELECT * FROM instance LIMIT 1) i

-- part: signed_in
-- Who is let in: by a session that has not ended, of an account that is active.
s.id = %(session)s AND s.ended_at IS NULL AND u.active
  AND (s.expires_at IS NULL OR s.expires_at > now())
  AND (s.idle_limit IS NULL OR s.last_seen_at + s.idle_limit > now())

-- part: held
-- Whoever writes: session and account can't be ended between check and act; and whether the operation was done before.
WITH who AS MATERIALIZED (
  SELECT {{who}}
  FROM sessions s
  CROSS JOIN LATERAL (SELECT * FROM users WHERE id = s.user_id OFFSET 0 FOR SHARE) u
  CROSS JOIN (SELECT * FROM instance LIMIT 1) i
  WHERE {{signed_in}}
  FOR SHARE OF s)
SELECT who.*, now() AS now,
       EXISTS (SELECT FROM events WHERE id = %(first)s AND operation = %(operation)s AND actor_id = who.id) AS repeated

-- part: writer
-- Whoever has the session, if it may write: what is asked together with that holds, and waits for, nothing for others.
SELECT s.user_id FROM sessions s CROSS JOIN LATERAL (SELECT * FROM users WHERE id = s.user_id OFFSET 0) u
WHERE {{signed_in}} AND NOT s.read_only

-- part: membership
-- Of whoever has the session, in project `p`; it is kept from being changed or ended until the write is committed.
SELECT role FROM project_members
WHERE project_id = p.id AND user_id = ({{writer}}) AND ended_at IS NULL
OFFSET 0 FOR SHARE

-- part: asked
-- Issues as they were asked for: by keys that their project has or had, and by ids.
SELECT t.key || '-' || t.number AS asked, i.id, i.number, i.project_id, i.reporter_id,
       i.deleted_at IS NOT NULL AS deleted
FROM unnest(%(keys)s::text[], %(numbers)s::int[]) AS t (key, number)
CROSS JOIN LATERAL (SELECT project_id FROM project_keys WHERE key = t.key OFFSET 0) k
JOIN issues i ON i.project_id = k.project_id AND i.number = t.number
UNION ALL
SELECT NULL, i.id, i.number, i.project_id, i.reporter_id, i.deleted_at IS NOT NULL
FROM issues i WHERE i.id = ANY(%(ids)s::bigint[])

-- name: enter
-- The person behind a session, with the limits of the transaction set. No row: not signed in any more.
SELECT {{who}}
FROM {{present}}
WHERE {{signed_in}};

-- name: enter_across
-- The same with the projects that they are a member of: the living ones, and those that are archived.
SELECT {{who}},
       ARRAY(SELECT m.project_id FROM project_members m JOIN projects p ON p.id = m.project_id
             WHERE m.user_id = u.id AND m.ended_at IS NULL AND p.deleted_at IS NULL AND p.archived_at IS NULL
             ORDER BY 1) AS living,
       ARRAY(SELECT m.project_id FROM project_members m JOIN projects p ON p.id = m.project_id
             WHERE m.user_id = u.id AND m.ended_at IS NULL AND p.deleted_at IS NULL AND p.archived_at IS NOT NULL
             ORDER BY 1) AS archived
FROM {{present}}
WHERE {{signed_in}};

-- name: enter_project
-- The same with a project by any key that it has or had, and the person's role in it, to read there.
SELECT {{who}},
       p.id AS project_id, p.key AS project_key, p.archived_at, m.role
FROM {{present}}
LEFT JOIN LATERAL (
  SELECT p.id, p.key, p.archived_at FROM project_keys k JOIN projects p ON p.id = k.project_id
  WHERE k.key = %(key)s AND p.deleted_at IS NULL OFFSET 0) p ON true
LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = u.id AND m.ended_at IS NULL
WHERE {{signed_in}};

-- name: enter_to_write
-- The same as `enter`, holding session and account so that neither can be ended between check and act.
{{held}}
FROM who;

-- name: enter_project_to_write
-- The same, and whoever writes in a project, given by any key that it has or had, keeps it from being archived or
-- deleted meanwhile; writes do not wait for each other. Users have ids above 0: that is no lock of theirs (see
-- lock_undo). Nobody waits who has no business there.
{{held}},
       (SELECT pg_advisory_xact_lock_shared(-2, k.project_id)
        FROM project_keys k
        WHERE k.key = %(key)s
          AND (who.admin OR EXISTS (SELECT FROM project_members m
                                    WHERE m.project_id = k.project_id AND m.user_id = who.id AND m.ended_at IS NULL)))
       ::text AS held
FROM who;

-- name: enter_to_change
-- The same for the projects that own some issues, given as ids or as keys that their project has or had.
{{held}},
       (SELECT count(pg_advisory_xact_lock_shared(-2, p.id)::text)
        FROM (SELECT k.project_id AS id FROM project_keys k WHERE k.key = ANY(%(keys)s::text[])
              UNION
              SELECT i.project_id FROM issues i WHERE i.id = ANY(%(ids)s::bigint[])) p
        WHERE who.admin OR EXISTS (SELECT FROM project_members m
                                   WHERE m.project_id = p.id AND m.user_id = who.id AND m.ended_at IS NULL)) AS held
FROM who;

-- name: seen
-- At most every five minutes, in a transaction of its own.
UPDATE sessions SET last_seen_at = now() WHERE id = %(session)s AND ended_at IS NULL;

-- name: place_by_key
-- A project by any key that it has or had, with the role in it of whoever has the session.
SELECT p.id, p.key, p.archived_at, m.role
FROM project_keys k
JOIN projects p ON p.id = k.project_id
LEFT JOIN project_members m ON m.project_id = p.id AND m.ended_at IS NULL
  AND m.user_id = (SELECT user_id FROM sessions WHERE id = %(session)s)
WHERE k.key = %(key)s AND p.deleted_at IS NULL;

-- name: places_of_issues
-- The projects that own some issues, given as ids or as keys that their project has or had, with the role of whoever
-- has the session.
SELECT i.asked, i.id AS issue_id, i.number, i.reporter_id, i.deleted, p.id, p.key, p.archived_at, m.role
FROM ({{asked}}) i
JOIN projects p ON p.id = i.project_id
LEFT JOIN project_members m ON m.project_id = p.id AND m.ended_at IS NULL
  AND m.user_id = (SELECT user_id FROM sessions WHERE id = %(session)s)
WHERE p.deleted_at IS NULL;

-- name: place_of_comment
-- The issue that owns a comment.
SELECT c.id, c.issue_id, c.author_id, c.deleted_at FROM comments c WHERE c.id = %(comment)s;

-- name: hold_project
-- Changes of a project and its members follow one another; work on its issues goes on.
SELECT p.id FROM projects p JOIN project_keys k ON k.project_id = p.id
WHERE k.key = %(key)s FOR NO KEY UPDATE OF p;

-- name: hold_project_open
-- Whoever writes keeps a project from being archived or deleted meanwhile; writes do not wait for each other.
-- Users have ids above 0: this is no lock of theirs (see lock_undo).
SELECT pg_advisory_xact_lock_shared(-2, %(project)s);

-- name: hold_project_back
-- Whoever archives or deletes a project waits for the writes at work in it.
SELECT pg_advisory_xact_lock(-2, %(project)s);

-- name: hold_membership
-- A project that is held already, as it is by now, and the role in it, which is held too.
SELECT p.id, p.key, p.archived_at, m.role
FROM project_keys k JOIN projects p ON p.id = k.project_id
LEFT JOIN LATERAL ({{membership}}) m ON true
WHERE k.key = %(key)s AND p.deleted_at IS NULL;

-- name: hold_issues
-- Locks issues for a write, always in one order; as they are once they are held.
SELECT id, deleted_at IS NOT NULL AS deleted FROM issues WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: hold_to_change
-- The same for issues, given as ids or as keys that their project has or had: locked, always in one order, and as they
-- are once they are held. Nobody holds or waits for what they can't see.
SELECT a.asked, p.id, p.key, p.archived_at, m.role,
       i.id AS issue_id, i.number, i.title, i.status, i.priority, i.type, i.assignee_id, i.reporter_id, i.sprint_id,
       i.parent_id, i.estimate, i.due, i.rank, i.version, i.title_version, i.closed_at,
       i.deleted_at IS NOT NULL AS deleted
FROM ({{asked}}) a
CROSS JOIN LATERAL (SELECT * FROM projects WHERE id = a.project_id AND deleted_at IS NULL OFFSET 0) p
LEFT JOIN LATERAL ({{membership}}) m ON true
JOIN issues i ON i.id = a.id
WHERE m.role IS NOT NULL
   OR (SELECT admin FROM users WHERE id = ({{writer}}))
ORDER BY i.id FOR NO KEY UPDATE OF i;

-- name: operation_done
-- What an operation of this person did, if the transaction whose first event is `first` was committed.
SELECT e.issue_id, e.kind, e.after, f.permission, f.project_id
FROM events f JOIN events e ON e.operation = f.operation AND e.actor_id = f.actor_id
WHERE f.id = %(first)s AND f.operation = %(operation)s AND f.actor_id = %(user)s
ORDER BY e.seq;

-- name: record
-- A row of history.
INSERT INTO events (id, operation, kind, permission, actor_id, project_id, issue_id, before, after, undoes)
VALUES (%(id)s, %(operation)s, %(kind)s, %(permission)s, %(actor)s, %(project_id)s, %(issue_id)s,
        %(before)s::jsonb, %(after)s::jsonb, %(undoes)s);

-- name: record_many
-- One row of history for each change.
INSERT INTO events (id, operation, kind, permission, actor_id, project_id, issue_id, before, after, undoes)
SELECT e.id, %(operation)s, e.kind, %(permission)s, %(actor)s, e.project_id, e.issue_id, e.before, e.after, e.undoes
FROM ROWS FROM (jsonb_to_recordset(%(events)s::jsonb) AS (
       id uuid, kind text, project_id int, issue_id bigint, before jsonb, after jsonb, undoes uuid))
     WITH ORDINALITY AS e (id, kind, project_id, issue_id, before, after, undoes, place)
ORDER BY place;

-- name: notify
-- What it follows is saved already, and a notice may be lost: its own end need not wait for the disk, nor all other
-- notices for that wait.
SELECT set_config('synchronous_commit', 'off', true), pg_notify(%(channel)s, %(payload)s);

-- name: enter_by_gate
-- For somebody who is not signed in: what schema is it, is there an administrator, and does this role own
-- the tables?
SELECT (SELECT max(version) FROM schema_versions) AS version,
       (SELECT oldest_program FROM schema_versions ORDER BY version DESC LIMIT 1) AS oldest_program,
       EXISTS (SELECT 1 FROM users WHERE admin AND active AND claimed) AS administered,
       (SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = 'users'::regclass) AS owner,
       set_config('statement_timeout', '5s', true) AS statement_timeout,
       set_config('lock_timeout', '2s', true) AS lock_timeout,
       set_config('idle_in_transaction_session_timeout', '15s', true) AS idle_timeout;
