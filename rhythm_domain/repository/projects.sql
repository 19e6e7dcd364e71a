-- Projects.

-- name: project_ids
-- The projects of a person, or all of them; archived ones only if asked for.
SELECT p.id FROM projects p
LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = %(user)s AND m.ended_at IS NULL
WHERE p.deleted_at IS NULL AND (m.user_id IS NOT NULL OR %(everyone)s)
  AND (p.archived_at IS NULL OR %(archived)s);

-- name: projects_by_id
-- Projects as a person sees them, those first in which something happened last; archived ones behind.
SELECT p.id, p.key, p.name, p.description, p.archived_at, p.created_at, p.updated_at, p.version,
       nullif(p.wip_limits, '{}') AS wip_limits,  -- Nearly always there are none: to read JSON takes long.
       m.role, counted.open_count, counted.closed_count, latest.at AS last_activity_at
FROM projects p
LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = %(user)s AND m.ended_at IS NULL
CROSS JOIN LATERAL (
  SELECT coalesce(sum(c.total) FILTER (WHERE c.status NOT IN ('done', 'cancelled')), 0)::bigint AS open_count,
         coalesce(sum(c.total) FILTER (WHERE c.status IN ('done', 'cancelled')), 0)::bigint AS closed_count
  FROM issue_counts c WHERE c.project_id = p.id) AS counted
LEFT JOIN LATERAL (
  SELECT e.at FROM events e WHERE e.project_id = p.id ORDER BY e.seq DESC LIMIT 1) AS latest ON true
WHERE p.id = ANY(%(ids)s::int[])
ORDER BY p.archived_at IS NOT NULL, latest.at DESC NULLS LAST, p.key;

-- name: project_values
-- What stands in a project's own columns, as history records them.
SELECT key, name, description, wip_limits, version, archived_at FROM projects WHERE id = %(project)s;

-- name: keys_of_project
-- Every key that a project has or had.
SELECT key FROM project_keys WHERE project_id = %(project)s;

-- name: insert_project
-- A project with its key, its issue numbers and its owner.
WITH project AS (
  INSERT INTO projects (key, name, description) VALUES (%(key)s, %(name)s, %(description)s) RETURNING id
), key AS (
  INSERT INTO project_keys (key, project_id) SELECT %(key)s, id FROM project
), numbers AS (
  INSERT INTO issue_numbers (project_id) SELECT id FROM project
), owner AS (
  INSERT INTO project_members (project_id, user_id, role) SELECT id, %(owner)s, 'owner' FROM project
)
SELECT id FROM project;

-- name: change_project_texts
UPDATE projects SET name = %(name)s, description = %(description)s, version = version + 1, updated_at = now()
WHERE id = %(project)s;

-- name: set_wip_limits
UPDATE projects SET wip_limits = %(limits)s::jsonb, updated_at = now() WHERE id = %(project)s;

-- name: take_project_key
-- No row: the key is, or was, another project's.
INSERT INTO project_keys AS k (key, project_id) VALUES (%(key)s, %(project)s)
ON CONFLICT (key) DO UPDATE SET key = excluded.key WHERE k.project_id = excluded.project_id
RETURNING key;

-- name: set_project_key
UPDATE projects SET key = %(key)s, updated_at = now() WHERE id = %(project)s;

-- name: set_project_archived
UPDATE projects SET archived_at = CASE WHEN %(archived)s THEN now() END, updated_at = now()
WHERE id = %(project)s RETURNING archived_at;

-- name: set_project_deleted
UPDATE projects SET deleted_at = CASE WHEN %(deleted)s THEN now() END, updated_at = now()
WHERE id = %(project)s RETURNING deleted_at;

-- name: deleted_project
-- A deleted project by any key that it had, locked, with the person's role in it.
SELECT p.*, (SELECT m.role FROM project_members m
             WHERE m.project_id = p.id AND m.user_id = %(user)s AND m.ended_at IS NULL) AS role
FROM project_keys k JOIN projects p ON p.id = k.project_id
WHERE k.key = %(key)s AND p.deleted_at IS NOT NULL
FOR NO KEY UPDATE OF p;
