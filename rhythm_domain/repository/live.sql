-- What changed of late, for those who may know.

-- name: end_of_history
-- The highest sequence number that is visible, and which transactions are at work: those before `oldest` are
-- over, those from `next` on have not begun.
SELECT coalesce((SELECT max(seq) FROM events), 0) AS seq,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next;

-- name: newest_events
-- Where the history was a minute ago, and the sequence numbers that it got since.
WITH newest AS (SELECT seq, at FROM events ORDER BY seq DESC LIMIT %(limit)s)
SELECT coalesce(max(seq) FILTER (WHERE at < now() - interval '1 minute'),
                CASE WHEN count(*) = %(limit)s THEN min(seq) - 1 END, 0) AS settled,
       coalesce(array_agg(seq) FILTER (WHERE at >= now() - interval '1 minute'), '{}') AS young
FROM newest;

-- name: newest_with_projects
-- What the history got behind a sequence number, in which projects, but for those that were told.
SELECT seq, project_id FROM events
WHERE seq > %(since)s AND seq <> ALL(%(told)s::bigint[]) ORDER BY seq DESC LIMIT %(limit)s;

-- name: own_projects
-- Where a person is a member.
SELECT project_id FROM project_members WHERE user_id = %(user)s AND ended_at IS NULL;

-- name: events_since
-- Events behind a sequence number, but for those that were told: in the person's projects, in the one that
-- an administrator watches, and the end of their own memberships.
SELECT e.seq, e.operation, e.kind, e.project_id, p.key AS project_key, e.issue_id,
       u.id, u.name, u.display_name
FROM events e JOIN projects p ON p.id = e.project_id JOIN users u ON u.id = e.actor_id
WHERE e.seq > %(since)s AND e.seq <> ALL(%(told)s::bigint[])
  AND (EXISTS (SELECT 1 FROM project_members m
               WHERE m.project_id = e.project_id AND m.user_id = %(user)s AND m.ended_at IS NULL)
       OR e.project_id = %(watched)s::int
       OR e.kind LIKE 'member.%%' AND e.before->>'user_id' = %(user)s::text)
ORDER BY e.seq LIMIT %(limit)s;
