-- Is everything well? What `rhythm doctor`, `rhythm db status` and backups ask, past the guard: whoever holds the
-- database's URL may. Nothing here reads what people wrote.

-- name: server
-- The server, its clock, and what the role of the URL may.
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int / 10000 AS major,
       current_setting('server_encoding') AS encoding,
       extract(epoch FROM clock_timestamp())::float8 AS clock,
       pg_is_in_recovery() AS standby,
       pg_database_size(current_database()) AS size,
       current_user::text AS role,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       (SELECT bool_or(pg_has_role(current_user, oid, 'MEMBER')) FROM pg_roles WHERE rolname IN
        ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files')) AS unbounded,
       (SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class
        WHERE oid = to_regclass('users')) AS owner,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       current_setting('max_connections')::int AS max_connections;

-- name: ping
SELECT 1 AS one;

-- name: missing_rights
-- The tables and sequences that the role of the URL may not use for the day's work; see migrate.grant.
SELECT c.relname::text AS name FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND CASE c.relkind
  WHEN 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE')
  WHEN 'r' THEN NOT (has_table_privilege(c.oid, 'SELECT')
                     AND (c.relname IN ('schema_versions', 'instance') OR has_any_column_privilege(c.oid, 'INSERT'))
                     AND (c.relname = 'schema_versions' OR has_any_column_privilege(c.oid, 'UPDATE')))
  ELSE false END
ORDER BY c.relkind DESC, 1;

-- name: contents
-- How many things that are nobody's extension the database has: 0 is an empty one.
SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace)
     + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS things;

-- name: table_sizes
-- How large each table is, in bytes and in rows, as the server last counted or guessed these.
SELECT oid::bigint AS relation, greatest(reltuples, 0)::bigint AS rows, pg_table_size(oid) AS bytes
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r';

-- name: rows_copied
-- How many rows of which table are copied out at the moment: how far a pg_dump is.
SELECT relid::bigint AS relation, max(tuples_processed) AS rows
FROM pg_stat_progress_copy WHERE datname = current_database() AND command = 'COPY TO' GROUP BY 1;

-- name: open_sessions
-- Who is signed in: sessions that have not ended.
SELECT count(*) FILTER (WHERE kind <> 'token') AS sessions,
       count(*) FILTER (WHERE kind = 'token') AS tokens,
       count(DISTINCT user_id) AS people
FROM sessions
WHERE ended_at IS NULL AND (expires_at IS NULL OR expires_at > now())
  AND (idle_limit IS NULL OR last_seen_at + idle_limit > now());

-- name: wrong_counts
-- Boards whose counted totals are not the real ones.
SELECT count(*) AS wrong
FROM (SELECT project_id, status, sum(total) AS total FROM issue_counts GROUP BY 1, 2) counted
FULL JOIN (SELECT project_id, status, count(*) AS total FROM issues WHERE deleted_at IS NULL GROUP BY 1, 2) issues
  USING (project_id, status)
WHERE coalesce(counted.total, 0) <> coalesce(issues.total, 0);

-- name: wrong_search
-- Issues that the search misses, by their words or by what they are, and entries of it that should not be there.
SELECT count(i.id) AS missing, count(*) FILTER (WHERE i.id IS NULL) AS surplus
FROM (SELECT id, marks, own_facets(project_id, number, status, priority, type, assignee_id, sprint_id) || facets AS facets,
             ROW(created_at, updated_at, closed_at, parent_id, project_id, number, reporter_id, status, priority, type,
                 assignee_id, sprint_id, due, estimate, rank, marks) AS columns
      FROM issues WHERE deleted_at IS NULL) i
FULL JOIN (SELECT issue_id FROM issue_search) s ON s.issue_id = i.id
FULL JOIN (SELECT id, ROW(created_at, updated_at, closed_at, parent_id, project_id, number, reporter_id, status, priority,
                          type, assignee_id, sprint_id, due, estimate, rank, marks) AS columns
           FROM issue_index) x ON x.id = coalesce(i.id, s.issue_id)
FULL JOIN (SELECT issue_id, facets FROM issue_facets) f ON f.issue_id = coalesce(i.id, s.issue_id, x.id)
LEFT JOIN (SELECT issue_id, bit_or(mark) AS marks
           FROM (SELECT il.issue_id, l.mark FROM issue_labels il JOIN labels l ON l.id = il.label_id
                 UNION ALL SELECT blocked_id, 1 << 31 FROM issue_links) AS m (issue_id, mark) GROUP BY 1) m
  ON m.issue_id = i.id
WHERE s.issue_id IS NULL OR x.id IS NULL OR f.issue_id IS NULL OR i.id IS NULL OR NOT f.facets @> i.facets
   OR i.marks & m.marks <> m.marks OR x.columns IS DISTINCT FROM i.columns;

-- name: search_generation
-- What the search index of all issues holds at least.
SELECT search_generation AS generation FROM instance;

-- name: reindexed
UPDATE instance SET search_generation = %(generation)s;

-- name: wrong_history
-- Whether the triggers that keep the history are at work, and undos of what is not in it.
SELECT (SELECT count(*) FROM pg_trigger
        WHERE tgrelid = 'events'::regclass AND tgname IN ('events_are_kept', 'events_are_never_truncated')
          AND tgenabled <> 'D') AS triggers,
       (SELECT count(*) FROM events e WHERE e.undoes IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM events o WHERE o.operation = e.undoes)) AS dangling;

-- name: wrong_owners
-- Projects without an active owner.
SELECT count(*) AS projects FROM projects p
WHERE p.deleted_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM project_members m JOIN users u ON u.id = m.user_id
  WHERE m.project_id = p.id AND m.role = 'owner' AND m.ended_at IS NULL AND u.active);

-- name: issues_after
-- Issues in the order of their ids, the trash too: to make the search index anew, a stretch at a time.
SELECT i.id, i.deleted_at IS NOT NULL AS gone
FROM issues i WHERE i.id > %(after)s ORDER BY i.id LIMIT %(count)s FOR NO KEY UPDATE;

-- name: texts_of
-- What the search index is made from. Asked once they are held: the statement that waited for them to be would
-- have texts from before.
SELECT i.id, i.project_id, i.number, i.title, coalesce(t.description, '') AS description
FROM issues i LEFT JOIN issue_texts t ON t.issue_id = i.id WHERE i.id = ANY(%(ids)s::bigint[]);

-- name: drop_strays
-- What the indexes point at without words, or of no issue: no change of an issue would take it away.
WITH f AS (DELETE FROM issue_facets f WHERE NOT EXISTS (SELECT FROM issues i WHERE i.id = f.issue_id))
DELETE FROM issue_index x WHERE NOT EXISTS (SELECT FROM issue_search s WHERE s.issue_id = x.id);

-- name: forget_words
-- What the index of words has of some issues. It has old words where PostgreSQL made it anew while people wrote: a
-- REINDEX, VACUUM FULL or CLUSTER that waits for a writer reads with a snapshot from before.
DELETE FROM issue_index WHERE id = ANY(%(ids)s::bigint[]);

-- name: correct_counts
-- Adds what wrong totals lack. Both sides are of one snapshot, in which every change was counted or is not there
-- yet, and adding commutes: nobody has to wait.
INSERT INTO issue_counts AS c (project_id, status, shard, total)
SELECT project_id, status, 0, coalesce(issues.total, 0) - coalesce(counted.total, 0)
FROM (SELECT project_id, status, sum(total) AS total FROM issue_counts GROUP BY 1, 2) counted
FULL JOIN (SELECT project_id, status, count(*) AS total FROM issues WHERE deleted_at IS NULL GROUP BY 1, 2) issues
  USING (project_id, status)
WHERE coalesce(counted.total, 0) <> coalesce(issues.total, 0)
ON CONFLICT (project_id, status, shard) DO UPDATE SET total = c.total + excluded.total;

-- name: samples
-- Arguments to explain a query with: the largest project, its newest issue, and what belongs to them. A column is
-- what a parameter of its name takes.
WITH place AS (SELECT project_id AS id FROM issues GROUP BY 1 ORDER BY count(*) DESC LIMIT 1),
     latest AS (SELECT i.id, i.number FROM issues i JOIN place p ON p.id = i.project_id
                WHERE i.deleted_at IS NULL ORDER BY i.number DESC LIMIT 1),
     person AS (SELECT m.user_id AS id, u.name FROM project_members m JOIN place p ON p.id = m.project_id
                JOIN users u ON u.id = m.user_id WHERE m.ended_at IS NULL AND u.active ORDER BY m.role DESC, 1 LIMIT 1)
SELECT place.id AS project, ARRAY[place.id] AS projects, projects.key, ARRAY[projects.key] AS keys,
       latest.id AS issue, latest.id, ARRAY[latest.id] AS issues, ARRAY[latest.id] AS ids,
       latest.number, ARRAY[latest.number] AS numbers,
       person.id AS "user", person.id AS actor, person.name,
       (SELECT max(id) FROM sessions WHERE ended_at IS NULL) AS session,
       (SELECT max(id) FROM sprints WHERE project_id = place.id) AS sprint,
       (SELECT max(id) FROM comments WHERE issue_id = latest.id) AS comment,
       (SELECT operation FROM events ORDER BY seq DESC LIMIT 1) AS operation,
       'todo' AS status, 50 AS "limit", 50 AS count, 0 AS after
FROM (SELECT) one LEFT JOIN place ON true LEFT JOIN projects ON projects.id = place.id
LEFT JOIN latest ON true LEFT JOIN person ON true;

-- name: open_rehearsal
-- A session for somebody as whom calls are tried, in a transaction that is rolled back.
WITH opened AS (INSERT INTO sessions (user_id, kind) SELECT id, 'key' FROM users WHERE id = %(user)s AND active
                RETURNING id, user_id)
SELECT opened.id AS session, u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at
FROM opened JOIN users u ON u.id = opened.user_id;

-- name: issue_total
SELECT count(*) AS issues FROM issues;
