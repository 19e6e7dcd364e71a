-- Issues as lines of a list.

-- name: issue_rows
-- Issues in the order of the ids given: their columns, then the names that go with them.
SELECT i.id, i.project_id, i.number, i.title, i.status, i.priority, i.type,
       i.assignee_id AS assignee, i.reporter_id AS reporter, i.sprint_id, i.estimate::text, i.due, pi.number AS parent,
       EXISTS (SELECT 1 FROM issue_links k JOIN issues b ON b.id = k.blocker_id
               WHERE k.blocked_id = i.id AND b.closed_at IS NULL AND b.deleted_at IS NULL) AS blocked,
       i.rank, i.version, i.created_at, i.updated_at, i.closed_at, i.deleted_at,
       (SELECT string_agg(l.folded || E'\u001f' || l.name || E'\u001f' || l.colour, E'\u001e')
        FROM issue_labels il
        CROSS JOIN LATERAL (SELECT * FROM labels WHERE id = il.label_id OFFSET 0) l  -- not a scan of all labels
        WHERE il.issue_id = i.id) AS labels,
       p.key AS project_key, s.name AS sprint,
       a.name AS assignee_name, a.display_name AS assignee_display_name,
       r.name AS reporter_name, r.display_name AS reporter_display_name
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS found (id, place)
JOIN issues i ON i.id = found.id
JOIN projects p ON p.id = i.project_id
JOIN users r ON r.id = i.reporter_id
LEFT JOIN users a ON a.id = i.assignee_id
LEFT JOIN sprints s ON s.id = i.sprint_id
LEFT JOIN issues pi ON pi.id = i.parent_id
ORDER BY found.place;

-- name: many_issue_rows
-- The same columns of issues in no order, and the ids of their labels as an array's text. Labels and what blocks them are
-- looked up only where their marks say that there may be any.
SELECT i.id, i.project_id, i.number, i.title, i.status, i.priority, i.type,
       i.assignee_id AS assignee, i.reporter_id AS reporter, i.sprint_id, i.estimate::text, i.due,
       CASE WHEN i.parent_id IS NOT NULL THEN (SELECT number FROM issues WHERE id = i.parent_id) END AS parent,
       i.marks & (1 << 31) <> 0 AND EXISTS (
         SELECT FROM issue_links k
         CROSS JOIN LATERAL (SELECT FROM issues WHERE id = k.blocker_id AND closed_at IS NULL
                             AND deleted_at IS NULL OFFSET 0) b  -- not a scan of all open issues
         WHERE k.blocked_id = i.id) AS blocked,
       i.rank, i.version, i.created_at, i.updated_at, i.closed_at, i.deleted_at,
       CASE WHEN i.marks = 0 THEN '{}' ELSE ARRAY(SELECT label_id FROM issue_labels WHERE issue_id = i.id)::text END
         AS labels
FROM issues i
WHERE i.id = ANY(%(ids)s::bigint[]);

-- name: names_of_rows
-- The names that go with them; of labels as `issue_rows` has them.
SELECT 'projects' AS kind, id, key AS name, NULL AS display_name FROM projects WHERE id = ANY(%(projects)s::int[])
UNION ALL
SELECT 'people', id, name, display_name FROM users WHERE id = ANY(%(people)s::int[])
UNION ALL
SELECT 'sprints', id, name, NULL FROM sprints WHERE id = ANY(%(sprints)s::int[])
UNION ALL
SELECT 'labels', id, folded || E'\u001f' || name || E'\u001f' || colour, NULL FROM labels
WHERE id = ANY(%(labels)s::int[]);
