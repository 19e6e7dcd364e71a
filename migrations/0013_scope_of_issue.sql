-- oldest-program: 1
-- Whether an issue that is purged was in a sprint was looked for among all that ever were in one.
CREATE INDEX sprint_scope_issue ON sprint_scope (issue_id);
