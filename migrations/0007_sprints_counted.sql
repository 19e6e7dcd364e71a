-- oldest-program: 1
-- What a sprint holds was counted by reading each of its issues.
DROP INDEX issues_sprint;
CREATE INDEX issues_sprint ON issues (sprint_id, status) INCLUDE (estimate, deleted_at) WHERE sprint_id IS NOT NULL;
