-- oldest-program: 1
-- What a sprint holds was counted by reading each of its issues; open issues by their day were looked for among
-- all that ever had one.
DROP INDEX issues_sprint;
CREATE INDEX issues_sprint ON issues (sprint_id, status) INCLUDE (estimate, deleted_at) WHERE sprint_id IS NOT NULL;
CREATE INDEX issues_due_open ON issues (project_id, due, id)
  WHERE due IS NOT NULL AND deleted_at IS NULL AND closed_at IS NULL;
