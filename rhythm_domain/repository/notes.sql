-- What the app keeps for a person on the shared instance.

-- name: notes_of
-- The latest last.
SELECT name, value FROM notes WHERE user_id = %(user)s AND kind = %(kind)s ORDER BY kept_at, name;

-- name: keep_note
-- A person has so many at most: none is added then.
INSERT INTO notes AS n (user_id, kind, name, value)
SELECT %(user)s, %(kind)s, %(name)s, %(value)s
WHERE EXISTS (SELECT 1 FROM notes WHERE user_id = %(user)s AND kind = %(kind)s AND name = %(name)s)
   OR (SELECT count(*) FROM notes WHERE user_id = %(user)s) < %(most)s
ON CONFLICT (user_id, kind, name) DO UPDATE SET value = excluded.value, kept_at = now()
RETURNING name;

-- name: drop_note
DELETE FROM notes WHERE user_id = %(user)s AND kind = %(kind)s AND name = %(name)s;
