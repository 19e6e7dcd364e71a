-- Comments of issues.

-- name: comments_of
-- The comments of an issue, oldest first.
SELECT c.id, p.key || '-' || i.number AS issue_key, c.author_id, u.name, u.display_name,
       c.imported_by, m.name AS importer_name, m.display_name AS importer_display_name,
       c.body, c.version, c.created_at, c.edited_at, c.deleted_at
FROM comments c JOIN issues i ON i.id = c.issue_id JOIN projects p ON p.id = i.project_id JOIN users u ON u.id = c.author_id
LEFT JOIN users m ON m.id = c.imported_by
WHERE c.issue_id = %(issue)s AND c.deleted_at IS NULL
  AND (c.created_at, c.id) > (coalesce(%(after_at)s::timestamptz, '-infinity'), coalesce(%(after_id)s::bigint, 0))
ORDER BY c.created_at, c.id LIMIT %(limit)s;

-- name: comment
-- One comment, deleted or not.
SELECT c.id, p.key || '-' || i.number AS issue_key, c.author_id, u.name, u.display_name,
       c.imported_by, m.name AS importer_name, m.display_name AS importer_display_name,
       c.body, c.version, c.created_at, c.edited_at, c.deleted_at
FROM comments c JOIN issues i ON i.id = c.issue_id JOIN projects p ON p.id = i.project_id JOIN users u ON u.id = c.author_id
LEFT JOIN users m ON m.id = c.imported_by
WHERE c.id = %(id)s AND c.issue_id = %(issue)s;

-- name: add_comment
INSERT INTO comments (project_id, issue_id, author_id, body)
VALUES (%(project)s, %(issue)s, %(author)s, %(body)s) RETURNING id;

-- name: edit_comment
-- An import brought it, but now it is what its author wrote here.
UPDATE comments SET body = %(body)s, version = version + 1, edited_at = now(), imported_by = NULL
WHERE id = %(id)s AND issue_id = %(issue)s AND deleted_at IS NULL;

-- name: set_comment_deleted
UPDATE comments SET deleted_at = CASE WHEN %(deleted)s THEN now() END WHERE id = %(id)s AND issue_id = %(issue)s;

-- name: touch_issue
-- A comment is a change of its issue.
UPDATE issues SET updated_at = now(), version = version + 1 WHERE id = %(issue)s;
