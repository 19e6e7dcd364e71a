-- What the guard asks before anything else. Every statement re-reads the person's session, account and role.

-- part: who
s.read_only,
       s.last_seen_at < now() - interval '5 minutes' AS stale,
       u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at,
       i.read_only AS instance_read_only, i.search_generation, i.names_version

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
WITH w AS MATERIALIZED (
  SELECT u.id, u.admin
  FROM sessions s CROSS JOIN LATERAL (SELECT id, admin, active FROM users WHERE id = s.user_id OFFSET 0) u
  WHERE {{signed_in}} AND NOT s.read_only)

-- part: membership
-- Of the writer `w` in project `p`; it is kept from being changed or ended until the write is committed.
(SELECT role FROM project_members
 WHERE project_id = p.id AND user_id = w.id AND ended_at IS NULL
 OFFSET 0 FOR SHARE) m

-- part: moment
-- Where the history ends, below which number all transactions are over, and whether no other is at work that has not
-- written to the history yet. The snapshot knows of none but those before the last that is over: with the next one to
-- begin right behind that, there is no other.
e.seq, e.event,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS over,
       pg_snapshot_xmin(pg_current_snapshot()) = pg_snapshot_xmax(pg_current_snapshot())
         AND age(pg_snapshot_xmax(pg_current_snapshot())::xid) = 0 AS settled

-- part: at_its_end
-- The last of the history, if there is any.
LEFT JOIN LATERAL (SELECT seq, id AS event FROM events ORDER BY seq DESC LIMIT 1) e ON true

-- part: at_the_end_of_the_project
-- The last of the history of the project `p`, and of what happened in none.
LEFT JOIN LATERAL (
  (SELECT seq, id AS event FROM events WHERE project_id = p.id ORDER BY seq DESC LIMIT 1)
  UNION ALL
  (SELECT seq, id FROM events WHERE project_id IS NULL ORDER BY seq DESC LIMIT 1)
  ORDER BY seq DESC LIMIT 1) e ON true

-- name: enter
-- The person behind a session. No row: not signed in any more.
SELECT {{who}}
FROM {{present}}
WHERE {{signed_in}};

-- name: enter_across
-- The same with the projects that they are a member of: the living ones, and those that are archived.
SELECT {{who}}, {{moment}},
       ARRAY(SELECT m.project_id FROM project_members m JOIN projects p ON p.id = m.project_id
             WHERE m.user_id = u.id AND m.ended_at IS NULL AND p.deleted_at IS NULL AND p.archived_at IS NULL
             ORDER BY 1) AS living,
       ARRAY(SELECT m.project_id FROM project_members m JOIN projects p ON p.id = m.project_id
             WHERE m.user_id = u.id AND m.ended_at IS NULL AND p.deleted_at IS NULL AND p.archived_at IS NOT NULL
             ORDER BY 1) AS archived
FROM {{present}}
{{at_its_end}}
WHERE {{signed_in}};

-- name: enter_project
-- The same with a project by any key that it has or had, and the person's role in it, to read there.
SELECT {{who}}, {{moment}},
       p.id AS project_id, p.key AS project_key, p.archived_at, m.role
FROM {{present}}
LEFT JOIN LATERAL (
  SELECT p.id, p.key, p.archived_at FROM project_keys k JOIN projects p ON p.id = k.project_id
  WHERE k.key = %(key)s AND p.deleted_at IS NULL OFFSET 0) p ON true
{{at_the_end_of_the_project}}
LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = u.id AND m.ended_at IS NULL
WHERE {{signed_in}};

-- name: enter_to_write
-- The same as `enter`, holding session and account so that neither can be ended between check and act.
{{held}}
FROM who;

-- part: keeping
-- And whoever writes keeps projects `p` from being archived or deleted meanwhile; writes do not wait for each other.
-- Users have ids above 0: that is no lock of theirs (see lock_undo). Nobody waits who has no business there.
SELECT count(pg_advisory_xact_lock_shared(-2, p.id)::text) FROM p
WHERE who.admin OR (SELECT true FROM project_members
                    WHERE project_id = p.id AND user_id = who.id AND ended_at IS NULL)

-- name: enter_by_key
-- The same for projects, given by any keys that they have or had.
{{held}},
       (WITH p AS NOT MATERIALIZED (SELECT project_id AS id FROM project_keys WHERE key = ANY(%(keys)s::text[]))
        {{keeping}}) AS held
FROM who;

-- name: enter_by_id
-- The same for the projects that own some issues.
{{held}},
       (WITH p AS NOT MATERIALIZED (SELECT DISTINCT project_id AS id FROM issues WHERE id = ANY(%(ids)s::bigint[]))
        {{keeping}}) AS held
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
FROM (
  SELECT t.key || '-' || t.number AS asked, i.id, i.number, i.project_id, i.reporter_id,
         i.deleted_at IS NOT NULL AS deleted
  FROM unnest(%(keys)s::text[], %(numbers)s::int[]) AS t (key, number)
  CROSS JOIN LATERAL (SELECT project_id FROM project_keys WHERE key = t.key OFFSET 0) k
  JOIN issues i ON i.project_id = k.project_id AND i.number = t.number
  UNION ALL
  SELECT NULL, i.id, i.number, i.project_id, i.reporter_id, i.deleted_at IS NOT NULL
  FROM issues i WHERE i.id = ANY(%(ids)s::bigint[])) i
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
{{writer}}
SELECT p.id, p.key, p.archived_at, m.role
FROM w
CROSS JOIN LATERAL (
  SELECT p.id, p.key, p.archived_at FROM project_keys k JOIN projects p ON p.id = k.project_id
  WHERE k.key = %(key)s AND p.deleted_at IS NULL OFFSET 0) p
LEFT JOIN LATERAL {{membership}} ON true;

-- name: hold_issues
-- Locks issues for a write, always in one order; as they are once they are held.
SELECT id, deleted_at IS NOT NULL AS deleted FROM issues WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- part: to_change
-- What there is to know of them, and of their project.
p.id, p.key, p.archived_at, m.role,
       i.id AS issue_id, i.number, i.title, i.status, i.priority, i.type, i.assignee_id, i.reporter_id, i.sprint_id,
       i.parent_id, i.estimate, i.due, i.rank, i.version, i.title_version, i.closed_at,
       i.deleted_at IS NOT NULL AS deleted

-- part: seen_and_held
-- Nobody holds or waits for what they can't see.
CROSS JOIN LATERAL (
  SELECT id, key, archived_at FROM projects WHERE id = i.project_id AND deleted_at IS NULL OFFSET 0) p
LEFT JOIN LATERAL {{membership}} ON true
WHERE (m.role IS NOT NULL OR w.admin)

-- name: hold_by_key
-- Issues by keys that their project has or had: locked, always in one order, and as they are once they are held.
{{writer}}
SELECT t.key || '-' || t.number AS asked, {{to_change}}
FROM w
CROSS JOIN unnest(%(keys)s::text[], %(numbers)s::int[]) AS t (key, number)
CROSS JOIN LATERAL (SELECT project_id FROM project_keys WHERE key = t.key OFFSET 0) k
JOIN issues i ON i.project_id = k.project_id AND i.number = t.number
{{seen_and_held}}
ORDER BY i.id FOR NO KEY UPDATE OF i;

-- name: hold_by_id
-- The same by their ids.
{{writer}}
SELECT NULL AS asked, {{to_change}}
FROM w
CROSS JOIN issues i
{{seen_and_held}} AND i.id = ANY(%(ids)s::bigint[])
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
       (SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = 'users'::regclass) AS owner;
