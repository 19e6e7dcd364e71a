-- What comes in from other trackers and goes out again.

-- name: begin_to_load
-- Where two imports bring the same issue, the later waits for the other's transaction, and finds it afterwards.
-- What is searched is sorted in by loads alone, as schema.sql says at settle_search.
SELECT set_config('lock_timeout', '4s', true), set_config('rhythm.loading', 'on', true), pg_advisory_xact_lock_shared(-5, 0);

-- name: settle
-- Writes nothing, so that what loads left waiting is sorted in.
UPDATE issue_search SET number = number WHERE false;

-- name: instance_created
SELECT created_at FROM instance;

-- name: imported_issues
-- What was imported before, by source key.
SELECT s.source_key, i.id, i.number, i.updated_at, i.deleted_at IS NOT NULL AS deleted, s.digest
FROM issue_sources s JOIN issues i ON i.id = s.issue_id
WHERE s.project_id = %(project)s AND s.source_key = ANY(%(keys)s::text[]);

-- name: native_issues
-- Issues that were made here and never imported, by number.
SELECT i.id, i.number, i.updated_at, i.deleted_at IS NOT NULL AS deleted
FROM issues i
WHERE i.project_id = %(project)s AND i.number = ANY(%(numbers)s::int[])
  AND NOT EXISTS (SELECT 1 FROM issue_sources s WHERE s.issue_id = i.id);

-- name: last_number
SELECT last FROM issue_numbers WHERE project_id = %(project)s;

-- name: count_of_others
-- How many issues of a project, the trash included, are not those of a source under its own numbers; and how many are.
SELECT (SELECT count(*) FROM issues i WHERE i.project_id = %(project)s) - count(*) AS others, count(*) AS own
FROM unnest(%(keys)s::text[], %(numbers)s::int[]) AS n (source_key, number)
JOIN issue_sources s ON s.project_id = %(project)s AND s.source_key = n.source_key
JOIN issues i ON i.id = s.issue_id AND i.number = n.number;

-- name: reserve_numbers
-- Touches the row, for which who creates issues waits, only if it has to.
UPDATE issue_numbers SET last = %(number)s WHERE project_id = %(project)s AND last < %(number)s;

-- name: taken_numbers
SELECT number FROM issues WHERE project_id = %(project)s AND number = ANY(%(numbers)s::int[]);

-- name: accounts_by_name
SELECT id, name, display_name, active, claimed FROM users WHERE name = ANY(%(names)s::text[]);

-- name: add_authors
-- Accounts that nobody can sign in to until an administrator gives them to their person.
INSERT INTO users (name, display_name, active)
SELECT n.name, n.display_name, false FROM unnest(%(names)s::text[], %(display_names)s::text[]) AS n (name, display_name)
ORDER BY n.name
ON CONFLICT (name) DO NOTHING;

-- name: memberships_of
SELECT user_id, ended_at IS NOT NULL AS ended FROM project_members
WHERE project_id = %(project)s AND user_id = ANY(%(users)s::int[]);

-- name: add_assignees
-- Makes people members who never were.
INSERT INTO project_members (project_id, user_id, role)
SELECT %(project)s, u.id, 'member' FROM unnest(%(users)s::int[]) AS u (id)
ON CONFLICT (project_id, user_id) DO NOTHING;

-- name: add_missing_labels
INSERT INTO labels (project_id, name, folded, colour, description)
SELECT %(project)s, n.name, n.folded, n.colour, n.description
FROM unnest(%(names)s::text[], %(folded)s::text[], %(colours)s::text[], %(descriptions)s::text[])
     AS n (name, folded, colour, description)
ORDER BY n.folded
ON CONFLICT (project_id, folded) DO NOTHING;

-- name: label_ids
SELECT id, folded FROM labels WHERE project_id = %(project)s AND folded = ANY(%(folded)s::text[]);

-- name: sprints_by_name
SELECT id, folded, state FROM sprints
WHERE project_id = %(project)s AND deleted_at IS NULL AND (folded = ANY(%(folded)s::text[]) OR state = 'active');

-- name: add_missing_sprints
INSERT INTO sprints (project_id, name, folded, goal, state, starts_on, ends_on, started_at, finished_at)
SELECT %(project)s, n.name, n.folded, n.goal, n.state, n.starts_on, n.ends_on, n.started_at, n.finished_at
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (
  name text, folded text, goal text, state sprint_state, starts_on date, ends_on date,
  started_at timestamptz, finished_at timestamptz)
ON CONFLICT DO NOTHING;

-- name: add_sources
-- Fails if another import brought one of them meanwhile.
INSERT INTO issue_sources (project_id, source_key, issue_id, imported_by, url, metadata, digest)
SELECT %(project)s, n.source_key, n.issue_id, %(importer)s, n.url, n.metadata, n.digest
FROM unnest(%(keys)s::text[], %(issues)s::bigint[], %(urls)s::text[], %(metadata)s::jsonb[], %(digests)s::bytea[])
     AS n (source_key, issue_id, url, metadata, digest);

-- name: put_sources
-- Of issues that are there: imported before, or made here.
INSERT INTO issue_sources AS s (project_id, source_key, issue_id, url, metadata, digest)
SELECT %(project)s, n.source_key, n.issue_id, n.url, n.metadata, n.digest
FROM unnest(%(keys)s::text[], %(issues)s::bigint[], %(urls)s::text[], %(metadata)s::jsonb[], %(digests)s::bytea[])
     AS n (source_key, issue_id, url, metadata, digest)
ON CONFLICT (project_id, source_key) DO UPDATE SET
  url = excluded.url, metadata = excluded.metadata, digest = excluded.digest;

-- name: put_digests
UPDATE issue_sources s SET digest = n.digest
FROM unnest(%(keys)s::text[], %(digests)s::bytea[]) AS n (source_key, digest)
WHERE s.project_id = %(project)s AND s.source_key = n.source_key;

-- name: name_comments
-- Gives the comments that were written here the keys that an export gave them.
UPDATE comments c SET source_key = n.source_key || '/' || c.id
FROM unnest(%(issues)s::bigint[], %(keys)s::text[]) AS n (issue_id, source_key)
WHERE c.issue_id = n.issue_id AND c.source_key IS NULL
  AND NOT EXISTS (SELECT 1 FROM comments o WHERE o.issue_id = c.issue_id
                  AND o.source_key = n.source_key || '/' || c.id);

-- name: put_comments
-- New ones, and those that say something else now; what was deleted here stays deleted. What was written or
-- edited here stays as its author wrote it: nobody edits another's words.
INSERT INTO comments AS c (project_id, issue_id, author_id, imported_by, body, source_key, created_at)
SELECT %(project)s, n.issue_id, n.author_id, %(importer)s, n.body, n.source_key, n.created_at
FROM unnest(%(issues)s::bigint[], %(authors)s::int[], %(bodies)s::text[], %(keys)s::text[], %(times)s::timestamptz[])
     AS n (issue_id, author_id, body, source_key, created_at)
ORDER BY n.issue_id, n.created_at
ON CONFLICT (issue_id, source_key) WHERE source_key IS NOT NULL DO UPDATE SET
  body = excluded.body, version = c.version + 1, edited_at = now(), imported_by = excluded.imported_by
WHERE c.body <> excluded.body AND c.deleted_at IS NULL AND c.imported_by IS NOT NULL;

-- name: comment_keys
SELECT source_key FROM comments WHERE issue_id = ANY(%(issues)s::bigint[]) AND source_key IS NOT NULL;

-- name: set_times
-- The source's times, where it says them.
UPDATE issues i SET created_at = coalesce(n.created_at, i.created_at), updated_at = coalesce(n.updated_at, i.updated_at)
FROM unnest(%(issues)s::bigint[], %(created)s::timestamptz[], %(updated)s::timestamptz[])
     AS n (id, created_at, updated_at)
WHERE i.id = n.id AND i.project_id = %(project)s;

-- name: set_scope
-- Imported issues were in a sprint that has begun from its start on, or since they exist.
UPDATE sprint_scope c SET added_at = least(c.added_at, greatest(s.started_at, i.created_at))
FROM issues i JOIN sprints s ON s.id = i.sprint_id
WHERE i.id = ANY(%(issues)s::bigint[]) AND s.started_at IS NOT NULL
  AND c.issue_id = i.id AND c.sprint_id = s.id AND c.removed_at IS NULL;

-- name: all_parents
SELECT id, parent_id FROM issues WHERE project_id = %(project)s AND parent_id IS NOT NULL;

-- name: all_links
SELECT blocker_id, blocked_id FROM issue_links WHERE project_id = %(project)s;

-- name: set_parents
UPDATE issues i SET parent_id = n.parent_id FROM unnest(%(issues)s::bigint[], %(parents)s::bigint[]) AS n (id, parent_id)
WHERE i.id = n.id AND i.project_id = %(project)s AND i.parent_id IS DISTINCT FROM n.parent_id;

-- name: put_links
INSERT INTO issue_links (project_id, blocker_id, blocked_id)
SELECT %(project)s, n.blocker_id, n.blocked_id
FROM unnest(%(blockers)s::bigint[], %(blocked)s::bigint[]) AS n (blocker_id, blocked_id)
ON CONFLICT DO NOTHING;

-- name: exported_issues
-- Issues with all that is theirs, in the order of the ids given.
SELECT i.id, i.number, src.source_key, i.title, t.description, i.status, i.priority, i.type,
       r.name AS author, r.display_name AS author_name, a.name AS assignee, a.display_name AS assignee_name,
       s.name AS sprint, s.goal, s.starts_on, s.ends_on, s.state, i.estimate, i.due,
       i.created_at, i.updated_at, i.closed_at, src.url, src.metadata,
       pi.number AS parent_number, psrc.source_key AS parent_key,
       (SELECT json_agg(json_build_array(l.name, l.colour, l.description) ORDER BY l.folded)
        FROM issue_labels il JOIN labels l ON l.id = il.label_id WHERE il.issue_id = i.id) AS labels
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS found (id, place)
JOIN issues i ON i.id = found.id
JOIN issue_texts t ON t.issue_id = i.id
JOIN users r ON r.id = i.reporter_id
LEFT JOIN users a ON a.id = i.assignee_id
LEFT JOIN sprints s ON s.id = i.sprint_id
LEFT JOIN issue_sources src ON src.issue_id = i.id
LEFT JOIN issues pi ON pi.id = i.parent_id AND pi.deleted_at IS NULL
LEFT JOIN issue_sources psrc ON psrc.issue_id = pi.id
WHERE i.project_id = %(project)s
ORDER BY found.place;

-- name: exported_comments
SELECT c.issue_id, c.id, c.source_key, u.name, u.display_name, c.body, c.created_at
FROM comments c JOIN users u ON u.id = c.author_id
WHERE c.issue_id = ANY(%(ids)s::bigint[]) AND c.deleted_at IS NULL
ORDER BY c.issue_id, c.created_at, c.id;

-- name: exported_links
-- Both ends of a link name it.
SELECT k.blocker_id AS issue_id, 'blocks' AS kind, i.number, s.source_key
FROM issue_links k JOIN issues i ON i.id = k.blocked_id LEFT JOIN issue_sources s ON s.issue_id = i.id
WHERE k.blocker_id = ANY(%(ids)s::bigint[]) AND i.deleted_at IS NULL
UNION ALL
SELECT k.blocked_id, 'blocked_by', i.number, s.source_key
FROM issue_links k JOIN issues i ON i.id = k.blocker_id LEFT JOIN issue_sources s ON s.issue_id = i.id
WHERE k.blocked_id = ANY(%(ids)s::bigint[]) AND i.deleted_at IS NULL
ORDER BY 1, 2 DESC, 3;
