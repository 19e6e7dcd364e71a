-- Search: what a query's names stand for, where it searches, and what completes it.
-- Statements that depend on the query are put together in search.py.

-- name: search_names
-- What names in a query stand for within some projects.
SELECT 'people' AS kind, name, id::bigint FROM users WHERE name = ANY(%(people)s::text[])
UNION ALL
SELECT 'labels', folded, id FROM labels
WHERE project_id = ANY(%(projects)s::int[]) AND folded = ANY(%(labels)s::text[])
UNION ALL
SELECT 'sprints', folded, id FROM sprints
WHERE project_id = ANY(%(projects)s::int[]) AND folded = ANY(%(sprints)s::text[]) AND deleted_at IS NULL
UNION ALL
SELECT 'sprints', ' current', id FROM sprints
WHERE project_id = ANY(%(projects)s::int[]) AND state = 'active' AND ' current' = ANY(%(sprints)s::text[])
  AND deleted_at IS NULL
UNION ALL
(SELECT DISTINCT ON (project_id) 'sprints', ' next', id FROM sprints
 WHERE project_id = ANY(%(projects)s::int[]) AND state = 'planned' AND ' next' = ANY(%(sprints)s::text[])
   AND deleted_at IS NULL
 ORDER BY project_id, starts_on, id)
UNION ALL
SELECT 'parents', a.key, i.id
FROM unnest(%(parents)s::text[]) AS a (key)
JOIN project_keys k ON k.key = split_part(a.key, '-', 1) AND k.project_id = ANY(%(projects)s::int[])
JOIN issues i ON i.project_id = k.project_id AND i.number = split_part(a.key, '-', 2)::int
WHERE i.deleted_at IS NULL
UNION ALL
SELECT 'projects', key, project_id FROM project_keys
WHERE key = ANY(%(keys)s::text[]) AND project_id = ANY(%(projects)s::int[]);

-- name: search_key
-- The living issue of a key, any that its project has or had.
SELECT i.id FROM project_keys k JOIN issues i ON i.project_id = k.project_id
WHERE k.key = %(key)s AND k.project_id = ANY(%(projects)s::int[]) AND i.number = %(number)s
  AND i.deleted_at IS NULL;

-- name: search_number
-- The living issues of a number, in each project one.
SELECT i.id FROM issues i
WHERE i.project_id = ANY(%(projects)s::int[]) AND i.number = %(number)s AND i.deleted_at IS NULL
ORDER BY i.created_at DESC, i.id DESC;

-- name: search_visible
-- Those of some issues that a person may see and that are not in the trash, in the order given.
SELECT i.id
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS asked (id, place)
JOIN issues i ON i.id = asked.id
JOIN projects p ON p.id = i.project_id
WHERE i.deleted_at IS NULL AND p.deleted_at IS NULL
  AND (%(admin)s OR EXISTS (SELECT FROM project_members m
                            WHERE m.project_id = i.project_id AND m.user_id = %(user)s AND m.ended_at IS NULL))
ORDER BY asked.place;

-- name: search_place
-- Behind which number a living issue and all that are older stand, in its own project and in the others.
SELECT p.id AS project,
       CASE WHEN p.id = i.project_id THEN i.number + 1 ELSE newer.number END AS number
FROM issues i
CROSS JOIN unnest(%(projects)s::int[]) AS p (id)
LEFT JOIN LATERAL (
    SELECT n.number FROM issues n
    WHERE n.project_id = p.id AND n.created_at > i.created_at AND n.deleted_at IS NULL
    ORDER BY n.created_at, n.id LIMIT 1
) newer ON p.id <> i.project_id
WHERE i.id = %(issue)s AND i.project_id = ANY(%(projects)s::int[]) AND i.deleted_at IS NULL;

-- name: search_counts
-- How many issues stand in each status, all projects together.
SELECT status, sum(total)::bigint AS total FROM issue_counts
WHERE project_id = ANY(%(projects)s::int[]) GROUP BY status;

-- name: search_vocabulary
-- The names that complete a query: people, labels, sprints and projects, at most 1,000 of each.
(SELECT DISTINCT 'people' AS kind, u.name, u.display_name AS description, u.name AS place
 FROM project_members m JOIN users u ON u.id = m.user_id
 WHERE m.project_id = ANY(%(projects)s::int[]) AND m.ended_at IS NULL AND u.active
 ORDER BY place LIMIT 1000)
UNION ALL
(SELECT 'labels', min(name), min(description), folded FROM labels
 WHERE project_id = ANY(%(projects)s::int[])
 GROUP BY folded ORDER BY folded LIMIT 1000)
UNION ALL
(SELECT 'sprints', s.name, s.state::text,
        (CASE s.state WHEN 'active' THEN 1 WHEN 'planned' THEN 2 ELSE 3 END)::text
          || to_char(100000000 - s.id, 'FM000000000')
 FROM sprints s
 WHERE s.project_id = ANY(%(projects)s::int[]) AND s.deleted_at IS NULL
 ORDER BY 4 LIMIT 1000)
UNION ALL
(SELECT 'projects', p.key, p.name, p.key FROM projects p
 WHERE p.id = ANY(%(projects)s::int[])
 ORDER BY p.key LIMIT 1000)
ORDER BY kind, place;

-- name: search_happened
-- Whether anything happened in some projects, or in none, since an event; or that event never did, as in a database from
-- a backup that is older.
(SELECT 1 FROM events WHERE seq > %(seq)s AND (project_id = ANY(%(projects)s::int[]) OR project_id IS NULL) LIMIT 1)
UNION ALL
SELECT 1 WHERE NOT EXISTS (SELECT FROM events WHERE seq = %(seq)s AND id = %(event)s);
