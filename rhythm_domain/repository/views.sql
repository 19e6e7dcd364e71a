-- Saved views.

-- name: views_visible
-- A person's own views and those published to their projects, own ones first. Views of projects that they
-- can't see are left out. With a project: those of that project, and own ones of none.
SELECT v.id, v.name, v.query, v.published, p.key AS project_key,
       v.owner_id, u.name AS owner_name, u.display_name AS owner_display_name
FROM saved_views v
JOIN users u ON u.id = v.owner_id
LEFT JOIN projects p ON p.id = v.project_id
LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = %(user)s AND m.ended_at IS NULL
WHERE (v.owner_id = %(user)s OR v.published)
  AND (v.project_id IS NULL
       OR (p.deleted_at IS NULL AND (m.role IS NOT NULL OR v.project_id = %(project)s)))
  AND (%(project)s::int IS NULL OR v.project_id IS NULL OR v.project_id = %(project)s)
ORDER BY v.owner_id <> %(user)s, v.folded, p.key NULLS FIRST, u.name;

-- name: view
SELECT v.id, v.name, v.query, v.published, p.key AS project_key,
       v.owner_id, u.name AS owner_name, u.display_name AS owner_display_name
FROM saved_views v JOIN users u ON u.id = v.owner_id LEFT JOIN projects p ON p.id = v.project_id
WHERE v.id = %(id)s;

-- name: view_project
-- A project by any key, if the person may know that it exists.
SELECT p.id, p.key, p.archived_at FROM project_keys k
JOIN projects p ON p.id = k.project_id
WHERE k.key = %(key)s AND p.deleted_at IS NULL
  AND (%(admin)s OR EXISTS (SELECT 1 FROM project_members m
                            WHERE m.project_id = p.id AND m.user_id = %(user)s AND m.ended_at IS NULL));

-- name: hold_view
-- A view of a person in a project, or in none.
SELECT v.id, v.name, v.query, v.published, v.owner_id FROM saved_views v JOIN users u ON u.id = v.owner_id
WHERE u.name = %(owner)s AND v.project_id IS NOT DISTINCT FROM %(project)s AND v.folded = %(folded)s FOR UPDATE OF v;

-- name: put_view
-- Writes a person's own view; one of the same name is replaced.
INSERT INTO saved_views AS v (owner_id, project_id, name, folded, query, published)
VALUES (%(owner)s, %(project)s, %(name)s, %(folded)s, %(search)s, %(published)s)
ON CONFLICT (owner_id, coalesce(project_id, 0), folded) DO UPDATE SET
  name = excluded.name, query = excluded.query, published = excluded.published
RETURNING v.id;

-- name: delete_view
DELETE FROM saved_views WHERE id = %(id)s;

-- name: hold_view_by_id
SELECT id, name, query, published, owner_id FROM saved_views
WHERE id = %(id)s AND project_id = %(project)s FOR UPDATE;

-- name: change_view
UPDATE saved_views SET name = %(name)s, folded = %(folded)s, query = %(search)s, published = %(published)s
WHERE id = %(id)s;

-- name: restore_view
INSERT INTO saved_views (id, owner_id, project_id, name, folded, query, published) OVERRIDING SYSTEM VALUE
VALUES (%(id)s, %(owner)s, %(project)s, %(name)s, %(folded)s, %(search)s, %(published)s)
ON CONFLICT DO NOTHING RETURNING id;
