-- Boards. Their columns are put together in boards.py, from the conditions of a search.

-- name: board_sprint
-- A sprint of this project.
SELECT id FROM sprints WHERE id = %(sprint)s AND project_id = %(project)s AND deleted_at IS NULL;
