-- oldest-program: 1
-- Open issues by their last update were looked for among all.
CREATE INDEX issues_open ON issues (project_id, updated_at DESC, id DESC)
  WHERE deleted_at IS NULL AND closed_at IS NULL;
