-- oldest-program: 1
-- Who is at the shared instance, and what the app keeps there for a person, who has no folder of their own.
CREATE INDEX sessions_of_keys ON sessions (user_id) WHERE kind = 'key' AND ended_at IS NULL;

CREATE TABLE notes (
  user_id int NOT NULL REFERENCES users,
  kind    text NOT NULL CHECK (char_length(kind) <= 20),
  name    text NOT NULL CHECK (char_length(name) <= 200),
  value   text NOT NULL CHECK (octet_length(value) <= 2000000),
  kept_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, kind, name)
);
