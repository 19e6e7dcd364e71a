-- Issues: whole ones, new ones, and what hangs on them. What changes their columns is put together in changes.py.

-- name: issue_details
-- What only the issue's own screen shows: its text, the living issues that it blocks or is blocked by, and its
-- living sub-issues, at most 500, by rank. One answer: it is also read while others wait for the issue's number.
SELECT t.description, src.url AS source_url, src.metadata,
       src.imported_by, m.name AS importer_name, m.display_name AS importer_display_name,
       (SELECT count(*) FROM comments c WHERE c.issue_id = t.issue_id AND c.deleted_at IS NULL) AS comment_count,
       (SELECT json_agg(l ORDER BY l.kind DESC, l.number) FROM (
          SELECT 'blocks' AS kind, p.key, i.number, i.title, i.status
          FROM issue_links k JOIN issues i ON i.id = k.blocked_id JOIN projects p ON p.id = i.project_id
          WHERE k.blocker_id = t.issue_id AND i.deleted_at IS NULL
          UNION ALL
          SELECT 'blocked_by', p.key, i.number, i.title, i.status
          FROM issue_links k JOIN issues i ON i.id = k.blocker_id JOIN projects p ON p.id = i.project_id
          WHERE k.blocked_id = t.issue_id AND i.deleted_at IS NULL) l) AS links,
       (SELECT json_agg(c ORDER BY c.rank) FROM (
          SELECT 'blocks' AS kind, p.key, i.number, i.title, i.status, i.rank
          FROM issues i JOIN projects p ON p.id = i.project_id
          WHERE i.parent_id = t.issue_id AND i.deleted_at IS NULL ORDER BY i.rank LIMIT 500) c) AS children
FROM issue_texts t LEFT JOIN issue_sources src ON src.issue_id = t.issue_id
LEFT JOIN users m ON m.id = src.imported_by
WHERE t.issue_id = %(id)s;

-- name: issue_texts
-- What the values of an issue have beside its own columns.
SELECT t.issue_id AS id, t.description, t.description_version,
       ARRAY(SELECT il.label_id FROM issue_labels il WHERE il.issue_id = t.issue_id ORDER BY il.label_id) AS labels
FROM issue_texts t WHERE t.issue_id = ANY(%(ids)s::bigint[]);

-- name: issue_values
-- The raw values of issues, as history records them.
SELECT i.id, i.number, i.title, i.status, i.priority, i.type, i.assignee_id, i.reporter_id, i.sprint_id,
       i.parent_id, i.estimate, i.due, i.rank, i.version, i.title_version, i.closed_at,
       i.deleted_at IS NOT NULL AS deleted, t.description, t.description_version,
       ARRAY(SELECT il.label_id FROM issue_labels il WHERE il.issue_id = i.id ORDER BY il.label_id) AS labels
FROM issues i JOIN issue_texts t ON t.issue_id = i.id
WHERE i.id = ANY(%(ids)s::bigint[]) AND i.project_id = %(project)s;

-- name: take_numbers
-- The next issue numbers of a project; the last one is returned. All who create wait for their turn in the order
-- in which they came: if they waited for the row alone, late ones could overtake early ones for ever. Where numbers are
-- taken ahead, the end of it need not wait for the disk: that of the issues does, whose record lies behind this one's;
-- the issue's id comes with its number, so that all that names it can be sent together with it.
WITH turn AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(-3, %(project)s)
  FROM (SELECT set_config('lock_timeout', '4s', true),
               set_config('synchronous_commit',
                          CASE WHEN %(ahead)s THEN 'off' ELSE current_setting('synchronous_commit') END, true)
        OFFSET 0) patience)
UPDATE issue_numbers SET last = last + %(count)s FROM turn WHERE project_id = %(project)s
RETURNING last, CASE WHEN %(ahead)s THEN nextval('issues_id_seq') END AS id;

-- name: insert_issues
-- New issues, their texts and what is searched of them. One statement: others wait for the next number meanwhile.
WITH given AS (
  SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (
    id bigint, number int, title text, status issue_status, priority issue_priority, type issue_type, reporter_id int,
    assignee_id int, sprint_id int, parent_id bigint, estimate numeric, due date, rank text,
    created_at timestamptz, updated_at timestamptz, closed_at timestamptz, labels int[], description text, tsv text)),
made AS (
  INSERT INTO issues (id, project_id, number, title, status, priority, type, reporter_id, assignee_id, sprint_id,
                      parent_id, estimate, due, rank, created_at, updated_at, closed_at, facets, marks)
  OVERRIDING SYSTEM VALUE
  SELECT coalesce(n.id, nextval('issues_id_seq')), %(project)s, n.number, n.title, n.status, n.priority, n.type,
         n.reporter_id, n.assignee_id, n.sprint_id,
         n.parent_id, n.estimate, n.due, n.rank, coalesce(n.created_at, now()),
         coalesce(n.updated_at, n.created_at, now()),
         CASE WHEN n.status IN ('done', 'cancelled') THEN coalesce(n.closed_at, n.updated_at, now()) END,
         ARRAY(SELECT facet(%(project)s, n.number / 8192, -l.id) FROM unnest(n.labels) AS l (id)),
         coalesce((SELECT bit_or(l.mark) FROM labels l WHERE l.id = ANY(n.labels)), 0)
  FROM given n ORDER BY n.number
  RETURNING id, number),
texts AS (
  INSERT INTO issue_texts (issue_id, description)
  SELECT made.id, coalesce(given.description, '') FROM made JOIN given USING (number)),
searched AS (
  INSERT INTO issue_search (issue_id, project_id, number, tsv)
  SELECT made.id, %(project)s, number, given.tsv::tsvector FROM made JOIN given USING (number))
SELECT id, number FROM made;

-- name: change_texts
UPDATE issue_texts t SET description = c.description,
       description_version = (SELECT version FROM issues i WHERE i.id = t.issue_id)
FROM unnest(%(ids)s::bigint[], %(texts)s::text[]) AS c (id, description)
WHERE t.issue_id = c.id;

-- name: add_labels
INSERT INTO issue_labels (project_id, issue_id, label_id)
SELECT %(project)s, c.issue_id, c.label_id
FROM unnest(%(issues)s::bigint[], %(labels)s::int[]) AS c (issue_id, label_id)
ON CONFLICT DO NOTHING;

-- name: remove_labels
DELETE FROM issue_labels il USING unnest(%(issues)s::bigint[], %(labels)s::int[]) AS c (issue_id, label_id)
WHERE il.issue_id = c.issue_id AND il.label_id = c.label_id AND il.project_id = %(project)s;

-- name: searched_texts
-- What the search index is made from; the trash is left out.
SELECT i.id, i.number, i.project_id, i.title, t.description
FROM issues i JOIN issue_texts t ON t.issue_id = i.id
WHERE i.id = ANY(%(ids)s::bigint[]) AND i.deleted_at IS NULL;

-- name: index_issues
INSERT INTO issue_search (issue_id, project_id, number, tsv)
SELECT s.id, s.project_id, s.number, s.tsv::tsvector
FROM unnest(%(ids)s::bigint[], %(projects)s::int[], %(numbers)s::int[], %(tsvs)s::text[])
     AS s (id, project_id, number, tsv)
ON CONFLICT (issue_id) DO UPDATE SET tsv = excluded.tsv
WHERE issue_search.tsv <> excluded.tsv
   OR NOT EXISTS (SELECT FROM issue_index x WHERE x.id = issue_search.issue_id);

-- name: mark_issues
-- What labels and links say of issues, where they lack some of it.
UPDATE issues SET facets = linked_facets(id, project_id, number), marks = marks_of(id)
WHERE id = ANY(%(ids)s::bigint[])
  AND NOT (facets @> linked_facets(id, project_id, number) AND marks & marks_of(id) = marks_of(id));

-- name: facet_issues
-- What issues are filtered by, made anew.
WITH i AS (
  SELECT id, project_id, number,
         own_facets(project_id, number, status, priority, type, assignee_id, sprint_id) || facets AS facets
  FROM issues WHERE id = ANY(%(ids)s::bigint[]))
INSERT INTO issue_facets SELECT id, project_id, number, facets FROM i
ON CONFLICT (issue_id) DO UPDATE SET facets = excluded.facets WHERE issue_facets.facets <> excluded.facets;

-- name: unfacet_issues
DELETE FROM issue_facets WHERE issue_id = ANY(%(ids)s::bigint[]);

-- name: unindex_issues
DELETE FROM issue_search WHERE issue_id = ANY(%(ids)s::bigint[]);

-- name: rank_after
-- The next rank of the project behind one.
SELECT min(rank) AS rank FROM issues WHERE project_id = %(project)s AND rank > %(rank)s;

-- name: rank_before
SELECT max(rank) AS rank FROM issues WHERE project_id = %(project)s AND rank < %(rank)s;

-- name: ranks_around
-- The issues next to a rank, to spread them anew when there is no room left.
(SELECT id, rank FROM issues WHERE project_id = %(project)s AND rank <= %(rank)s ORDER BY rank DESC LIMIT %(width)s)
UNION ALL
(SELECT id, rank FROM issues WHERE project_id = %(project)s AND rank > %(rank)s ORDER BY rank LIMIT %(width)s)
ORDER BY rank;

-- name: set_ranks
-- Ranks are checked at the end of the statement: a spread may take a rank that another issue is leaving.
UPDATE issues i SET rank = c.rank FROM unnest(%(ids)s::bigint[], %(ranks)s::text[]) AS c (id, rank)
WHERE i.id = c.id AND i.project_id = %(project)s;

-- name: lock_graph
-- Users have ids above 0: this is no lock of theirs (see lock_undo).
SELECT pg_advisory_xact_lock(-1, %(project)s);

-- name: ancestors
-- The chain of parents above an issue, itself included, however long: a circle is seen by nothing else.
WITH RECURSIVE up AS (
  SELECT id, parent_id FROM issues WHERE id = %(id)s
  UNION
  SELECT i.id, i.parent_id FROM issues i JOIN up ON i.id = up.parent_id)
SELECT id FROM up;

-- name: issue_by_number
-- A living issue of a project, by number and any key that the project has or had; without a key, by id.
SELECT i.id FROM project_keys k JOIN issues i ON i.project_id = k.project_id
WHERE k.key = %(key)s AND i.project_id = %(project)s AND i.number = %(number)s AND i.deleted_at IS NULL
UNION ALL
SELECT i.id FROM issues i
WHERE %(key)s::text IS NULL AND i.id = %(number)s AND i.project_id = %(project)s AND i.deleted_at IS NULL;

-- name: former_assignees
-- Those of some issues whose assignee's membership ended.
SELECT i.id FROM issues i JOIN project_members m ON m.project_id = i.project_id AND m.user_id = i.assignee_id
WHERE i.id = ANY(%(ids)s::bigint[]) AND i.project_id = %(project)s AND m.ended_at IS NOT NULL;

-- name: available_assignee_id
SELECT user_id AS id FROM project_members
WHERE project_id = %(project)s AND user_id = ANY(%(ids)s::int[]) AND ended_at IS NULL;

-- name: available_parent_id
SELECT id FROM issues
WHERE project_id = %(project)s AND id = ANY(%(ids)s::bigint[]) AND deleted_at IS NULL;

-- name: available_labels
SELECT id FROM labels WHERE project_id = %(project)s AND id = ANY(%(ids)s::int[]);

-- name: available_sprint_id
-- Sprints that work can be planned into, held so that nobody finishes them meanwhile.
SELECT id FROM sprints
WHERE project_id = %(project)s AND id = ANY(%(ids)s::int[]) AND deleted_at IS NULL AND state <> 'finished'
ORDER BY id FOR SHARE;

-- name: holders_of_ranks
SELECT id, rank FROM issues WHERE project_id = %(project)s AND rank = ANY(%(ranks)s::text[]);

-- name: add_link
INSERT INTO issue_links (project_id, blocker_id, blocked_id)
VALUES (%(project)s, %(blocker)s, %(blocked)s) ON CONFLICT DO NOTHING;

-- name: remove_link
DELETE FROM issue_links
WHERE project_id = %(project)s AND blocker_id = %(blocker)s AND blocked_id = %(blocked)s;

-- name: blocking_chain
-- Everything that an issue blocks, directly or through others.
WITH RECURSIVE down AS (
  SELECT blocked_id AS id FROM issue_links WHERE blocker_id = %(id)s
  UNION
  SELECT k.blocked_id FROM issue_links k JOIN down ON k.blocker_id = down.id)
SELECT id FROM down LIMIT 10000;

-- name: trash
-- Deleted issues of a project, the last deleted first.
SELECT i.id, i.deleted_at FROM issues i
WHERE i.project_id = %(project)s AND i.deleted_at IS NOT NULL
  AND (%(before)s::timestamptz IS NULL OR (i.deleted_at, i.id) < (%(before)s::timestamptz, %(id)s::bigint))
ORDER BY i.deleted_at DESC, i.id DESC LIMIT %(limit)s;

-- name: children_of
-- The issues below some issues, the trash included.
SELECT id FROM issues WHERE parent_id = ANY(%(ids)s::bigint[]) AND project_id = %(project)s ORDER BY id;

-- name: links_of
-- The links of some issues to whatever.
SELECT blocker_id, blocked_id FROM issue_links WHERE blocker_id = ANY(%(ids)s::bigint[])
UNION
SELECT blocker_id, blocked_id FROM issue_links WHERE blocked_id = ANY(%(ids)s::bigint[])
ORDER BY 1, 2;

-- name: purge_contents
-- Everything that hangs on purged issues; the issues themselves go last.
WITH gone AS (SELECT unnest(%(ids)s::bigint[]) AS id),
  a AS (DELETE FROM comments USING gone WHERE issue_id = gone.id),
  b AS (DELETE FROM issue_labels USING gone WHERE issue_id = gone.id),
  c AS (DELETE FROM issue_links USING gone WHERE blocker_id = gone.id OR blocked_id = gone.id),
  d AS (DELETE FROM issue_sources USING gone WHERE issue_id = gone.id),
  e AS (DELETE FROM issue_search USING gone WHERE issue_id = gone.id),
  f AS (DELETE FROM sprint_scope USING gone WHERE issue_id = gone.id)
DELETE FROM issue_texts USING gone WHERE issue_id = gone.id;

-- name: erase_events
UPDATE events SET before = '{}', after = '{}', erased_at = now()
WHERE issue_id = ANY(%(ids)s::bigint[]) AND erased_at IS NULL;

-- name: purge_issues
DELETE FROM issues WHERE id = ANY(%(ids)s::bigint[]) AND project_id = %(project)s AND deleted_at IS NOT NULL;
