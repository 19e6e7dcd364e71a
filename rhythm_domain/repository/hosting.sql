-- What the host of a shared instance asks and says, for nobody in particular.

-- name: people_of_keys
-- Whose keys are these?
SELECT k.id, k.name AS key_name, u.name FROM ssh_keys k JOIN users u ON u.id = k.user_id
WHERE k.id = ANY(%(keys)s::int[]);

-- name: is_read_only
-- Whether the instance refuses all writes.
SELECT read_only FROM instance;

-- name: set_read_only
-- That it does, or does no more.
UPDATE instance SET read_only = %(read_only)s;

-- name: announce
-- Words for everybody who listens.
SELECT pg_notify(%(channel)s, %(payload)s);
