-- What the app keeps for a person on the shared instance.

-- name: notes_of
-- The latest last.
SELECT name, value FROM notes WHERE user_id = %(user)s AND kind = %(kind)s ORDER BY kept_at, name;

-- name: keep_note
-- Only if there is room: a person has so many at most, of so many bytes together.
INSERT INTO notes AS n (user_id, kind, name, value)
SELECT %(user)s, %(kind)s, %(name)s, %(value)s
FROM (SELECT count(*) AS others, coalesce(sum(octet_length(value)), 0) AS bytes FROM notes
      WHERE user_id = %(user)s AND (kind, name) <> (%(kind)s, %(name)s)) AS there
WHERE others < %(most)s AND bytes + octet_length(%(value)s) <= %(room)s
ON CONFLICT (user_id, kind, name) DO UPDATE SET value = excluded.value, kept_at = now()
RETURNING name;

-- name: drop_note
DELETE FROM notes WHERE user_id = %(user)s AND kind = %(kind)s AND name = %(name)s;
