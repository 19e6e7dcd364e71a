-- oldest-program: 1
-- The links of a project, and all comments of an issue, were found by reading everybody's.
CREATE INDEX issue_links_project ON issue_links (project_id, blocked_id);
DROP INDEX comments_issue;
CREATE INDEX comments_issue ON comments (issue_id, created_at, id);
