-- Labels of projects.

-- name: labels_of
-- The labels of a project, or one of them, each with its living issues counted up to `most` and one more:
-- all that bear it, which the index alone tells, less those in the trash, which are few.
WITH trashed AS MATERIALIZED (
  SELECT il.label_id, count(*) AS total FROM issues i JOIN issue_labels il ON il.issue_id = i.id
  WHERE i.project_id = %(project)s AND i.deleted_at IS NOT NULL GROUP BY il.label_id
)
SELECT l.id, l.name, l.colour, l.description, counted.total - coalesce(t.total, 0) AS issues
FROM labels l LEFT JOIN trashed t ON t.label_id = l.id
CROSS JOIN LATERAL (
  SELECT count(*) AS total FROM (
    SELECT 1 FROM issue_labels il WHERE il.label_id = l.id LIMIT %(most)s + 1 + coalesce(t.total, 0)) AS first
) AS counted
WHERE l.project_id = %(project)s AND (%(id)s::int IS NULL OR l.id = %(id)s)
ORDER BY l.folded;

-- name: labels_named
SELECT id, name, folded FROM labels WHERE project_id = %(project)s AND folded = ANY(%(folded)s::text[]);

-- name: label_names
SELECT name FROM labels WHERE project_id = %(project)s ORDER BY folded LIMIT 5000;

-- name: hold_label
SELECT id, name, colour, description FROM labels
WHERE project_id = %(project)s AND folded = %(folded)s FOR UPDATE;

-- name: hold_label_by_id
SELECT id, name, colour, description FROM labels WHERE project_id = %(project)s AND id = %(id)s FOR UPDATE;

-- name: restore_label
-- A deleted label under the id that it had: what history says of it is of this label.
INSERT INTO labels (id, project_id, name, folded, colour, description) OVERRIDING SYSTEM VALUE
VALUES (%(id)s, %(project)s, %(name)s, %(folded)s, %(colour)s, %(description)s)
ON CONFLICT DO NOTHING RETURNING id;

-- name: put_label_on
-- Puts a label on issues that have room for it.
INSERT INTO issue_labels (project_id, issue_id, label_id)
SELECT i.project_id, i.id, %(id)s FROM issues i
WHERE i.id = ANY(%(issues)s::bigint[]) AND i.project_id = %(project)s
  AND (SELECT count(*) FROM issue_labels il WHERE il.issue_id = i.id) < %(most)s
ON CONFLICT DO NOTHING RETURNING issue_id;

-- name: count_labelled
-- How many issues bear a label, the trash included.
SELECT count(*) AS issues FROM issue_labels WHERE label_id = %(id)s AND project_id = %(project)s;

-- name: insert_labels
-- Labels that are not there yet; what another transaction made meanwhile is left out.
INSERT INTO labels (project_id, name, folded, colour, description)
SELECT %(project)s, n.name, n.folded, n.colour, n.description
FROM unnest(%(names)s::text[], %(folded)s::text[], %(colours)s::text[], %(descriptions)s::text[])
     AS n (name, folded, colour, description)
ORDER BY n.folded
ON CONFLICT (project_id, folded) DO NOTHING
RETURNING id, name, folded, colour, description;

-- name: change_label
UPDATE labels SET name = %(name)s, folded = %(folded)s, colour = %(colour)s, description = %(description)s
WHERE id = %(id)s AND project_id = %(project)s;

-- name: labelled_issues
-- The newest issues that bear a label, the trash included.
SELECT issue_id FROM issue_labels WHERE label_id = %(id)s AND project_id = %(project)s
ORDER BY issue_id DESC LIMIT %(most)s;

-- name: delete_label
DELETE FROM labels WHERE id = %(id)s AND project_id = %(project)s;
