-- oldest-program: 1
-- How work flows is read from the changes of a status in a span of time.
CREATE INDEX events_moves ON events (project_id, at) WHERE before ? 'status';
