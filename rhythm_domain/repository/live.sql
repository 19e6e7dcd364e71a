-- What changed of late, for those who may know.

-- name: latest_event
SELECT coalesce(max(seq), 0) AS seq FROM events;

-- name: events_since
-- Events behind a sequence number in the person's projects (all projects for an administrator).
SELECT e.seq, e.operation, e.kind, e.project_id, p.key AS project_key, e.issue_id,
       u.id, u.name, u.display_name
FROM events e JOIN projects p ON p.id = e.project_id JOIN users u ON u.id = e.actor_id
WHERE e.seq > %(since)s
  AND (%(admin)s OR EXISTS (SELECT 1 FROM project_members m
                            WHERE m.project_id = e.project_id AND m.user_id = %(user)s AND m.ended_at IS NULL))
ORDER BY e.seq LIMIT %(limit)s;
