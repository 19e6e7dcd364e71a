-- Signing in, joining and setting up: what is asked for somebody who is not signed in yet.

-- name: account_with_local_session
-- The owner of the embedded instance, and the session that all their commands share.
SELECT u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at, s.id AS session_id
FROM users u
LEFT JOIN sessions s ON s.user_id = u.id AND s.kind = 'local' AND s.ended_at IS NULL
WHERE u.name = %(name)s;

-- name: account_of_token
-- The person behind a session or access token that is still good.
SELECT u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at, s.id AS session_id
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.token_hash = %(hash)s AND s.ended_at IS NULL AND u.active
  AND (s.expires_at IS NULL OR s.expires_at > now())
  AND (s.idle_limit IS NULL OR s.last_seen_at + s.idle_limit > now());

-- name: account_of_join_code
SELECT u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at
FROM join_codes j JOIN users u ON u.id = j.user_id
WHERE j.code_hash = %(hash)s AND j.expires_at > now() AND u.active;

-- name: password_of_account
-- What a given password is compared with: nothing if the account can't sign in.
SELECT u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at, u.password_hash
FROM users u WHERE u.name = %(name)s AND u.active AND u.claimed;

-- name: rehash
-- The same password under newer parameters, unless it was changed meanwhile.
UPDATE users SET password_hash = %(fresh)s WHERE id = %(user)s AND password_hash = %(hash)s RETURNING id;

-- name: open_local_session
INSERT INTO sessions (user_id, kind) VALUES (%(user)s, 'local') RETURNING id;

-- name: open_session
-- A session of somebody who proved to know the password whose hash is given, unless it was changed or the
-- account deactivated meanwhile.
INSERT INTO sessions (user_id, kind, token_hash, source, idle_limit, expires_at)
SELECT id, 'password', %(token)s, %(source)s, %(idle)s, now() + %(absolute)s
FROM users WHERE id = %(user)s AND active AND password_hash = %(hash)s FOR SHARE
RETURNING id;

-- name: use_join_code
-- A code opens one account, once.
DELETE FROM join_codes WHERE code_hash = %(hash)s AND expires_at > now() RETURNING user_id;

-- name: claim_account
-- The person has chosen a password: the account is theirs.
UPDATE users SET password_hash = %(hash)s, claimed = true WHERE id = %(user)s AND active
RETURNING id, name, display_name, admin, active, claimed, time_zone, created_at;

-- name: create_account
-- A new account; or an existing one taken over, if it is as `over` says: 'imported' (neither active nor
-- claimed), 'unclaimed' or 'any'. What a claimed account has of its own stays.
INSERT INTO users AS u (name, display_name, admin, claimed, password_hash)
VALUES (%(name)s, coalesce(%(display_name)s, %(name)s), %(admin)s, %(claimed)s, %(password_hash)s)
ON CONFLICT (name) DO UPDATE SET
  display_name = CASE WHEN u.claimed THEN u.display_name ELSE coalesce(%(display_name)s, u.display_name) END,
  admin = excluded.admin,
  active = true,
  claimed = u.claimed OR excluded.claimed,
  password_hash = coalesce(excluded.password_hash, u.password_hash)
WHERE CASE %(over)s WHEN 'imported' THEN NOT u.active AND NOT u.claimed
                    WHEN 'unclaimed' THEN NOT u.claimed
                    ELSE true END
RETURNING id, name, display_name, admin, active, claimed, time_zone, created_at;

-- name: save_join_code
-- One code for a person: a new one makes the last one void.
INSERT INTO join_codes (user_id, code_hash, created_by, expires_at)
VALUES (%(user)s, %(hash)s, %(by)s, now() + %(lifetime)s)
ON CONFLICT (user_id) DO UPDATE SET
  code_hash = excluded.code_hash, created_by = excluded.created_by, created_at = now(),
  expires_at = excluded.expires_at;

-- name: withdraw_join_code
DELETE FROM join_codes WHERE user_id = %(user)s;

-- name: end_sessions_and_tokens
-- Whatever a person is signed in by, but the ownership of the embedded instance.
UPDATE sessions SET ended_at = now() WHERE user_id = %(user)s AND ended_at IS NULL AND kind <> 'local';

-- name: hold_administration
-- Who decides on administrators does it alone: without that, two who demote each other both succeed.
SELECT singleton FROM instance FOR NO KEY UPDATE;

-- name: administered
-- Whether somebody can administer the instance already.
SELECT EXISTS (SELECT 1 FROM users WHERE admin AND active AND claimed) AS administered;

-- Keys of the shared instance -----------------------------------------------------------------------------

-- name: key_of_fingerprint
-- A key that opens the account of somebody, if it does.
SELECT k.id, k.user_id, k.name, k.kind, k.fingerprint, k.public_key, k.created_at, k.last_used_at
FROM ssh_keys k JOIN users u ON u.id = k.user_id
WHERE k.fingerprint = %(fingerprint)s AND u.active;

-- name: add_key
INSERT INTO ssh_keys (user_id, name, kind, fingerprint, public_key)
VALUES (%(user)s, %(name)s, %(kind)s, %(fingerprint)s, %(public_key)s)
RETURNING id, user_id, name, kind, fingerprint, public_key, created_at, last_used_at;

-- name: use_key
-- When a key was last signed in with, at most every five minutes. Before it is held: who holds it for another
-- sign-in would be waited for, and wait in turn.
UPDATE ssh_keys SET last_used_at = now()
WHERE id = %(key)s AND (last_used_at IS NULL OR last_used_at < now() - interval '5 minutes');

-- name: claim_by_key
-- Who signs in with their key has come: the account is theirs.
UPDATE users u SET claimed = true FROM ssh_keys k
WHERE k.id = %(key)s AND u.id = k.user_id AND u.active AND NOT u.claimed
RETURNING u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at;

-- name: account_of_key
-- Whom a key opens the account of; neither can be taken away until the session is there.
SELECT u.id, u.name, u.display_name, u.admin, u.active, u.claimed, u.time_zone, u.created_at
FROM ssh_keys k JOIN users u ON u.id = k.user_id
WHERE k.id = %(key)s AND u.active FOR SHARE;

-- name: forget_dead_key_sessions
-- A session whose process was killed has ended by itself, without a word.
DELETE FROM sessions WHERE kind = 'key' AND ended_at IS NULL AND user_id = %(user)s
  AND (last_seen_at + idle_limit < now() OR expires_at < now());

-- name: key_sessions
-- How many sessions of keys are open, of a person and of all. An open one asks for changes every minute, which is
-- noted every five: of one that was killed with its process nothing is heard.
SELECT count(*) FILTER (WHERE user_id = %(user)s)::int AS own, count(*)::int AS all
FROM sessions
WHERE kind = 'key' AND ended_at IS NULL AND expires_at > now()
  AND last_seen_at > now() - least(idle_limit, interval '10 minutes');

-- name: open_key_session
INSERT INTO sessions (user_id, kind, ssh_key_id, source, idle_limit, expires_at)
VALUES (%(user)s, 'key', %(key)s, %(source)s, %(idle)s, now() + %(absolute)s)
RETURNING id;

-- name: end_key_session
-- Its line is closed: nothing is left to be seen of it. The log of sshd says who came and when.
DELETE FROM sessions WHERE id = %(session)s AND kind = 'key' AND ended_at IS NULL;

-- Throttling -------------------------------------------------------------------------------------------

-- name: hold_attempts
-- One attempt on a name at a time is looked at and counted: parallel guesses don't pass uncounted.
SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0));

-- name: attempts
-- Failed attempts on a name from this source and from all, with the seconds since the last; and whether its
-- owner signed in from this source before.
SELECT coalesce(sum(failures) FILTER (WHERE source = %(source)s), 0)::int AS here,
       extract(epoch FROM clock_timestamp() - max(last_at) FILTER (WHERE source = %(source)s))::float8 AS since_here,
       coalesce(sum(failures), 0)::int AS everywhere,
       extract(epoch FROM clock_timestamp() - max(last_at))::float8 AS since_everywhere,
       EXISTS (SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
               WHERE u.name = %(name)s AND s.kind = 'password' AND s.source = %(source)s) AS known
FROM sign_in_failures WHERE name = %(name)s AND last_at > now() - interval '1 day';

-- name: count_attempt
INSERT INTO sign_in_failures AS f (name, source, last_at) VALUES (%(name)s, %(source)s, clock_timestamp())
ON CONFLICT (name, source) DO UPDATE SET
  failures = CASE WHEN f.last_at > now() - interval '1 day' THEN f.failures + 1 ELSE 1 END,
  last_at = excluded.last_at;

-- name: forget_attempts
-- After a success; and whatever is older than a day.
DELETE FROM sign_in_failures
WHERE (name = %(name)s AND source = %(source)s) OR last_at < now() - interval '1 day';
