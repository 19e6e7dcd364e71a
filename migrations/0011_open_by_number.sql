-- oldest-program: 1
-- The newest open issues were looked for among all.
CREATE INDEX issues_open_newest ON issues (project_id, number DESC) WHERE deleted_at IS NULL AND closed_at IS NULL;
