-- oldest-program: 1
-- The newest issues were looked for among what is in the trash, too.
CREATE INDEX issues_newest ON issues (project_id, number DESC) WHERE deleted_at IS NULL;
