-- People as a signed-in person sees them, their own account, and what administrators do.

-- name: directory
-- Active people of whom the name, or a word of the full name, begins with something.
SELECT id, name, display_name FROM users
WHERE active AND (starts_with(name, %(prefix)s) OR position(' ' || %(prefix)s IN ' ' || lower(display_name)) > 0)
ORDER BY name;

-- name: names_of_users
-- What may be proposed: the directory, to administrators all accounts.
SELECT name FROM users WHERE active OR %(admin)s ORDER BY name;

-- name: user_by_name
SELECT id, name, display_name, admin, active, claimed, time_zone, created_at FROM users WHERE name = %(name)s;

-- name: users
-- Accounts in the order of their names, after one of them.
SELECT id, name, display_name, admin, active, claimed, time_zone, created_at FROM users
WHERE name > %(after)s COLLATE "C" AND (%(active)s::boolean IS NULL OR active = %(active)s)
ORDER BY name COLLATE "C" LIMIT %(limit)s;

-- name: edit_user
UPDATE users SET display_name = coalesce(%(display_name)s, display_name), time_zone = coalesce(%(time_zone)s, time_zone)
WHERE id = %(user)s RETURNING id, name, display_name, admin, active, claimed, time_zone, created_at;

-- name: set_user_state
UPDATE users SET active = %(active)s, admin = %(admin)s
WHERE id = %(user)s RETURNING id, name, display_name, admin, active, claimed, time_zone, created_at;

-- name: password_hash
SELECT password_hash FROM users WHERE id = %(user)s;

-- name: change_password
-- By the person who proved to know the last one, unless it was changed meanwhile.
UPDATE users SET password_hash = %(fresh)s
WHERE id = %(user)s AND password_hash IS NOT DISTINCT FROM %(hash)s;

-- name: set_password
UPDATE users SET password_hash = %(fresh)s, claimed = true
WHERE id = %(user)s RETURNING id, name, display_name, admin, active, claimed, time_zone, created_at;

-- Sessions ---------------------------------------------------------------------------------------------

-- name: session_kind
SELECT kind FROM sessions WHERE id = %(session)s;

-- name: sessions_of
-- What a person is signed in by at the moment, the last used first; access tokens apart.
SELECT s.id, s.user_id, s.kind, s.source, s.created_at, s.last_seen_at,
       least(s.expires_at, s.last_seen_at + s.idle_limit) AS expires_at, s.id = %(session)s AS current
FROM sessions s
WHERE s.user_id = %(user)s AND s.kind <> 'token' AND s.ended_at IS NULL
  AND (s.expires_at IS NULL OR s.expires_at > now())
  AND (s.idle_limit IS NULL OR s.last_seen_at + s.idle_limit > now())
ORDER BY s.last_seen_at DESC, s.id DESC;

-- name: end_sessions
-- Ends sessions of some kinds, but perhaps one.
UPDATE sessions SET ended_at = now()
WHERE user_id = %(user)s AND ended_at IS NULL AND kind = ANY(%(kinds)s::session_kind[])
  AND id IS DISTINCT FROM %(keep)s;

-- name: end_session
UPDATE sessions SET ended_at = now() WHERE id = %(session)s AND ended_at IS NULL;

-- Access tokens ----------------------------------------------------------------------------------------

-- name: add_token
-- Last seen at the epoch is never: so its first use is noted at once, not after five minutes.
INSERT INTO sessions (user_id, kind, name, token_hash, read_only, last_seen_at, expires_at)
VALUES (%(user)s, 'token', %(name)s, %(hash)s, %(read_only)s, to_timestamp(0), now() + %(lifetime)s) RETURNING id;

-- name: renew_token
UPDATE sessions SET token_hash = %(hash)s WHERE id = %(token)s AND user_id = %(user)s AND ended_at IS NULL;

-- name: tokens_of
-- A person's access tokens, the newest first.
SELECT id, name, read_only, created_at, expires_at, nullif(last_seen_at, to_timestamp(0)) AS last_used_at,
       ended_at AS revoked_at
FROM sessions WHERE user_id = %(user)s AND kind = 'token' ORDER BY id DESC;

-- name: token_in_use
SELECT id FROM sessions
WHERE user_id = %(user)s AND kind = 'token' AND name = %(name)s AND ended_at IS NULL AND expires_at > now();

-- name: revoke_token
UPDATE sessions SET ended_at = now()
WHERE user_id = %(user)s AND kind = 'token' AND name = %(name)s AND ended_at IS NULL;

-- SSH keys ---------------------------------------------------------------------------------------------

-- name: ssh_keys_of
SELECT id, user_id, name, kind, fingerprint, public_key, created_at, last_used_at
FROM ssh_keys WHERE user_id = %(user)s ORDER BY name, id;

-- name: hold_ssh_keys
-- A person's keys are added one after another, so that they can be counted.
SELECT pg_advisory_xact_lock(-4, %(user)s);

-- name: add_ssh_key
INSERT INTO ssh_keys (user_id, name, kind, fingerprint, public_key)
VALUES (%(user)s, %(name)s, %(kind)s, %(fingerprint)s, %(public_key)s)
RETURNING id, user_id, name, kind, fingerprint, public_key, created_at, last_used_at;

-- name: hold_ssh_key
-- No session is opened by a key while it is being removed.
SELECT id FROM ssh_keys WHERE id = %(key)s FOR UPDATE;

-- name: end_sessions_of_key
UPDATE sessions SET ended_at = now() WHERE ssh_key_id = %(key)s AND ended_at IS NULL;

-- name: remove_ssh_key
DELETE FROM ssh_keys WHERE id = %(key)s AND user_id = %(user)s;

-- Deactivation -----------------------------------------------------------------------------------------

-- name: heir
-- Who answers for what a person leaves: the acting administrator, else another one.
SELECT id FROM users
WHERE id <> %(user)s AND admin AND active AND claimed
ORDER BY id <> %(actor)s, id LIMIT 1;

-- name: hold_owned_projects
-- The projects that a person owns, locked as require_owner() locks them, always in one order.
SELECT p.id FROM projects p JOIN project_members m ON m.project_id = p.id
WHERE m.user_id = %(user)s AND m.role = 'owner' AND m.ended_at IS NULL AND p.deleted_at IS NULL
ORDER BY p.id FOR NO KEY UPDATE OF p;

-- name: inherit
-- Makes somebody owner of those projects among some that have no active owner; their role before, if any.
WITH orphans AS (
  SELECT p.id, (SELECT h.role FROM project_members h
                WHERE h.project_id = p.id AND h.user_id = %(heir)s AND h.ended_at IS NULL) AS before
  FROM unnest(%(projects)s::int[]) AS p (id)
  WHERE NOT EXISTS (SELECT 1 FROM project_members m JOIN users u ON u.id = m.user_id
                    WHERE m.project_id = p.id AND m.role = 'owner' AND m.ended_at IS NULL AND u.active)),
inherited AS (
  INSERT INTO project_members AS m (project_id, user_id, role)
  SELECT id, %(heir)s, 'owner' FROM orphans ORDER BY id
  ON CONFLICT (project_id, user_id) DO UPDATE SET
    role = 'owner', since = CASE WHEN m.ended_at IS NULL THEN m.since ELSE now() END, ended_at = NULL
  RETURNING project_id)
SELECT o.id AS project_id, o.before FROM orphans o JOIN inherited i ON i.project_id = o.id ORDER BY o.id;
