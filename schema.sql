-- Rhythm's database, as it is now.
--
-- Readable from top to bottom: people, projects, issues, sprints, search, history, live counts.
-- The same schema results from applying migrations/ in order; a test proves it.
-- Nothing here needs more than PostgreSQL 15.
--
-- The database keeps its own invariants, whatever program writes to it: every text is clean, whatever
-- belongs to an issue belongs to the issue's project, a project has an active owner, one sprint is active,
-- ranks are unique, history is only appended to.

-- Text ---------------------------------------------------------------------------------------------------
-- Stored text is in NFC and has no control characters: a terminal would obey them. Only what may have
-- several lines may have newlines and tabs.

CREATE DOMAIN one_line AS text
  CHECK (VALUE !~ '[\u0001-\u001f\u007f-\u009f]' AND VALUE IS NFC NORMALIZED);

CREATE DOMAIN prose AS text
  CHECK (VALUE !~ '[\u0001-\u0008\u000b-\u001f\u007f-\u009f]' AND VALUE IS NFC NORMALIZED
         AND char_length(VALUE) <= 100000);

-- Vocabulary, each in the order in which it sorts ---------------------------------------------------------

CREATE TYPE issue_status AS ENUM ('backlog', 'todo', 'in_progress', 'in_review', 'done', 'cancelled');
CREATE TYPE issue_priority AS ENUM ('urgent', 'high', 'medium', 'low', 'none');
CREATE TYPE issue_type AS ENUM ('bug', 'feature', 'task', 'chore', 'epic');
CREATE TYPE project_role AS ENUM ('viewer', 'member', 'maintainer', 'owner');
CREATE TYPE sprint_state AS ENUM ('planned', 'active', 'finished');
CREATE TYPE session_kind AS ENUM ('local', 'password', 'token', 'key');

-- The instance -------------------------------------------------------------------------------------------

-- Which migrations were applied. oldest_program is the smallest schema number that a program may have been
-- built for and still work with this one: people stay at work through an upgrade.
CREATE TABLE schema_versions (
  version        int PRIMARY KEY,
  name           text NOT NULL,
  oldest_program int NOT NULL,
  applied_at     timestamptz NOT NULL DEFAULT now()
);

-- One row of instance-wide state.
CREATE TABLE instance (
  singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  read_only  boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- What the search index of all issues holds at least: lexemes.py says what each generation brought.
  search_generation int NOT NULL DEFAULT 2,
  -- Which names people, projects, labels and sprints have: another one whenever one of them is given another. What has
  -- been read under one is right for whoever reads the same.
  names_version uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO instance DEFAULT VALUES;

CREATE FUNCTION names_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE instance SET names_version = gen_random_uuid();
  RETURN NULL;
END $$;

-- People -------------------------------------------------------------------------------------------------

CREATE TABLE users (
  id            int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name          text NOT NULL CONSTRAINT users_name_key UNIQUE
                CONSTRAINT users_name_check CHECK (name ~ '^[a-z0-9][a-z0-9._-]{1,39}$'),
  display_name  one_line NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 100),
  admin         boolean NOT NULL DEFAULT false,
  active        boolean NOT NULL DEFAULT true,
  -- Set once the account is a person's own: they chose a password, or own the embedded instance.
  -- An author that an import brought is neither active nor claimed.
  claimed       boolean NOT NULL DEFAULT false,
  password_hash text,
  time_zone     text NOT NULL DEFAULT 'UTC' CHECK (char_length(time_zone) BETWEEN 1 AND 64),
  created_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_admin_active CHECK (active OR NOT admin)
);
CREATE TRIGGER users_renamed AFTER UPDATE OF name, display_name ON users
  FOR EACH STATEMENT EXECUTE FUNCTION names_changed();

-- What a person is signed in by: a password session, an access token for scripts, the ownership of the
-- embedded instance, a key of the shared instance. Tokens are stored as SHA-256 of 256 random bits.
CREATE TABLE sessions (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id      int NOT NULL REFERENCES users,
  kind         session_kind NOT NULL,
  name         one_line NOT NULL DEFAULT '' CHECK (char_length(name) <= 100),
  token_hash   bytea CONSTRAINT sessions_token_key UNIQUE,
  read_only    boolean NOT NULL DEFAULT false,
  source       one_line NOT NULL DEFAULT '' CHECK (char_length(source) <= 200),
  ssh_key_id   int,
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  idle_limit   interval,
  expires_at   timestamptz,
  ended_at     timestamptz,
  CHECK ((kind IN ('password', 'token')) = (token_hash IS NOT NULL))
);
CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX sessions_one_local ON sessions (user_id) WHERE kind = 'local' AND ended_at IS NULL;
-- Who is at the shared instance.
CREATE INDEX sessions_of_keys ON sessions (user_id) WHERE kind = 'key' AND ended_at IS NULL;

-- A one-time code with which a new person sets their own password.
CREATE TABLE join_codes (
  user_id    int PRIMARY KEY REFERENCES users,
  code_hash  bytea NOT NULL CONSTRAINT join_codes_code_key UNIQUE,
  created_by int REFERENCES users,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);

-- Failed sign-ins, for throttling by account and source. Rows are forgotten after a success or a day.
CREATE TABLE sign_in_failures (
  name       text NOT NULL,
  source     text NOT NULL,
  failures   int NOT NULL DEFAULT 1,
  last_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, source)
);

CREATE TABLE ssh_keys (
  id           int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id      int NOT NULL REFERENCES users,
  name         one_line NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  kind         text NOT NULL,
  fingerprint  text NOT NULL CONSTRAINT ssh_keys_fingerprint_key UNIQUE,
  public_key   text NOT NULL CHECK (char_length(public_key) <= 16000),
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);
CREATE INDEX ssh_keys_user ON ssh_keys (user_id);
ALTER TABLE sessions ADD CONSTRAINT sessions_ssh_key_id_fkey
  FOREIGN KEY (ssh_key_id) REFERENCES ssh_keys ON DELETE SET NULL;

-- Projects -----------------------------------------------------------------------------------------------

CREATE TABLE projects (
  id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key         text NOT NULL CONSTRAINT projects_key_key UNIQUE
              CONSTRAINT projects_key_check CHECK (key ~ '^[A-Z][A-Z0-9]{1,9}$'),
  name        one_line NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  description prose NOT NULL DEFAULT '',
  wip_limits  jsonb NOT NULL DEFAULT '{}',
  version     int NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  archived_at timestamptz,
  deleted_at  timestamptz
);
CREATE TRIGGER projects_renamed AFTER UPDATE OF key ON projects
  FOR EACH STATEMENT EXECUTE FUNCTION names_changed();

-- Every key that a project ever had: CORE-123 still resolves after the project was given another key.
CREATE TABLE project_keys (
  key        text CONSTRAINT project_keys_pkey PRIMARY KEY,
  project_id int NOT NULL REFERENCES projects
);

-- The last issue number given, in a row of its own: a create does not lock the project.
CREATE TABLE issue_numbers (
  project_id int PRIMARY KEY REFERENCES projects,
  last       int NOT NULL DEFAULT 0
);

-- A membership ends, its row stays.
CREATE TABLE project_members (
  project_id int NOT NULL REFERENCES projects,
  user_id    int NOT NULL REFERENCES users,
  role       project_role NOT NULL,
  since      timestamptz NOT NULL DEFAULT now(),
  ended_at   timestamptz,
  PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_members_user ON project_members (user_id) INCLUDE (project_id, role) WHERE ended_at IS NULL;

-- A project that is not deleted has at least one active owner. The project's row is locked first: without
-- that, two owners who leave at once each still see the other.
CREATE FUNCTION require_owner(project int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM projects WHERE id = project FOR NO KEY UPDATE;
  IF EXISTS (SELECT 1 FROM projects WHERE id = project AND deleted_at IS NULL)
     AND NOT EXISTS (SELECT 1 FROM project_members m JOIN users u ON u.id = m.user_id
                     WHERE m.project_id = project AND m.role = 'owner' AND m.ended_at IS NULL AND u.active)
  THEN
    RAISE EXCEPTION 'the project would have no active owner'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'project_has_owner';
  END IF;
END $$;

CREATE FUNCTION member_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM require_owner(OLD.project_id);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER member_changed AFTER UPDATE OR DELETE ON project_members
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION member_changed();

CREATE FUNCTION user_deactivated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM require_owner(project_id) FROM project_members
    WHERE user_id = NEW.id AND role = 'owner' AND ended_at IS NULL ORDER BY project_id;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER user_deactivated AFTER UPDATE ON users
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION user_deactivated();

-- folded: the name in one case, made by the program (a server's locale may not know É).
CREATE TABLE labels (
  id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id  int NOT NULL REFERENCES projects,
  name        one_line NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
  folded      text NOT NULL,
  colour      text NOT NULL DEFAULT 'grey',
  description one_line NOT NULL DEFAULT '' CHECK (char_length(description) <= 250),
  -- One bit: that of a label of this name elsewhere, as projects are searched together, or by its own number.
  mark        int NOT NULL,
  CONSTRAINT labels_name_key UNIQUE (project_id, folded),
  UNIQUE (project_id, id)
);
CREATE INDEX labels_folded ON labels (folded);
CREATE FUNCTION label_marked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.mark := coalesce((SELECT l.mark FROM labels l WHERE l.folded = NEW.folded LIMIT 1),
                       1 << (NEW.id - 1) % 31);
  RETURN NEW;
END $$;
CREATE TRIGGER label_marked BEFORE INSERT ON labels
  FOR EACH ROW WHEN (NEW.mark IS NULL) EXECUTE FUNCTION label_marked();
CREATE TRIGGER labels_renamed AFTER UPDATE OF name, folded, colour ON labels
  FOR EACH STATEMENT EXECUTE FUNCTION names_changed();

-- Sprints ------------------------------------------------------------------------------------------------

CREATE TABLE sprints (
  id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id  int NOT NULL REFERENCES projects,
  name        one_line NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  folded      text NOT NULL,
  goal        prose NOT NULL DEFAULT '',
  state       sprint_state NOT NULL DEFAULT 'planned',
  starts_on   date,
  ends_on     date,
  started_at  timestamptz,
  finished_at timestamptz,
  version     int NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL DEFAULT now(),
  deleted_at  timestamptz,
  CONSTRAINT sprints_days_check CHECK (ends_on >= starts_on),
  CHECK ((state = 'planned') = (started_at IS NULL)),
  CHECK ((state = 'finished') = (finished_at IS NOT NULL)),
  UNIQUE (project_id, id)
);
CREATE UNIQUE INDEX sprints_name_key ON sprints (project_id, folded) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX sprints_one_active ON sprints (project_id) WHERE state = 'active';
CREATE TRIGGER sprints_renamed AFTER UPDATE OF name ON sprints
  FOR EACH STATEMENT EXECUTE FUNCTION names_changed();

-- Issues -------------------------------------------------------------------------------------------------

-- Narrow and hot: what lists, boards and moves touch. The long text stands in issue_texts, what is searched
-- in issue_search, so that moving a card rewrites neither.
CREATE TABLE issues (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id    int NOT NULL REFERENCES projects,
  number        int NOT NULL CHECK (number > 0),
  title         one_line NOT NULL CHECK (char_length(title) BETWEEN 1 AND 250 AND btrim(title) <> ''),
  status        issue_status NOT NULL DEFAULT 'backlog',
  priority      issue_priority NOT NULL DEFAULT 'none',
  type          issue_type NOT NULL DEFAULT 'task',
  reporter_id   int NOT NULL REFERENCES users,
  assignee_id   int,
  sprint_id     int,
  parent_id     bigint,
  estimate      numeric(5, 1) CHECK (estimate >= 0),
  due           date,
  -- One order for board and backlog: base 62, compared by bytes (rank.py).
  rank          text COLLATE "C" NOT NULL CHECK (rank ~ '^[0-9A-Za-z]{1,200}$'),
  version       int NOT NULL DEFAULT 1,
  -- The version at which the title was last changed: an edit from an older one is a conflict.
  title_version int NOT NULL DEFAULT 1,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  closed_at     timestamptz,
  deleted_at    timestamptz,
  -- Facets that other tables give, see linked_facets.
  facets        bigint[] NOT NULL DEFAULT '{}',
  -- The marks of its labels, and that something blocks it, see marks_of.
  marks         int NOT NULL DEFAULT 0,
  CONSTRAINT issues_number_key UNIQUE (project_id, number),
  CONSTRAINT issues_rank_key UNIQUE (project_id, rank) DEFERRABLE,
  CONSTRAINT issues_project_key UNIQUE (project_id, id),
  CONSTRAINT issues_closed_check CHECK ((status IN ('done', 'cancelled')) = (closed_at IS NOT NULL)),
  CONSTRAINT issues_parent_check CHECK (parent_id <> id),
  CONSTRAINT issues_assignee_fkey FOREIGN KEY (project_id, assignee_id) REFERENCES project_members (project_id, user_id),
  CONSTRAINT issues_sprint_fkey FOREIGN KEY (project_id, sprint_id) REFERENCES sprints (project_id, id),
  CONSTRAINT issues_parent_fkey FOREIGN KEY (project_id, parent_id) REFERENCES issues (project_id, id)
) WITH (fillfactor = 90);
-- Lists: newest first by number; by last update, over all, by status and by priority. The trash is in none.
CREATE INDEX issues_updated ON issues (project_id, updated_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX issues_open ON issues (project_id, updated_at DESC, id DESC)
  WHERE deleted_at IS NULL AND closed_at IS NULL;
CREATE INDEX issues_newest ON issues (project_id, number DESC) WHERE deleted_at IS NULL;
CREATE INDEX issues_open_newest ON issues (project_id, number DESC) WHERE deleted_at IS NULL AND closed_at IS NULL;
CREATE INDEX issues_status ON issues (project_id, status, updated_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX issues_priority ON issues (project_id, priority, updated_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX issues_created ON issues (project_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX issues_due ON issues (project_id, due, id) WHERE due IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX issues_due_open ON issues (project_id, due, id)
  WHERE due IS NOT NULL AND deleted_at IS NULL AND closed_at IS NULL;
-- Boards: open columns by rank, closed columns by the time of closing.
CREATE INDEX issues_board ON issues (project_id, status, rank)
  WHERE deleted_at IS NULL AND closed_at IS NULL;
CREATE INDEX issues_closed ON issues (project_id, status, closed_at DESC, id DESC)
  WHERE deleted_at IS NULL AND closed_at IS NOT NULL;
-- The backlog of the planner: open issues in no sprint, by rank.
CREATE INDEX issues_backlog ON issues (project_id, rank)
  WHERE deleted_at IS NULL AND closed_at IS NULL AND sprint_id IS NULL;
CREATE INDEX issues_assignee ON issues (assignee_id, updated_at DESC, id DESC)
  WHERE deleted_at IS NULL AND closed_at IS NULL AND assignee_id IS NOT NULL;
CREATE INDEX issues_assigned ON issues (project_id, assignee_id, number DESC)
  WHERE deleted_at IS NULL AND assignee_id IS NOT NULL;
CREATE INDEX issues_reporter ON issues (project_id, reporter_id, number DESC) WHERE deleted_at IS NULL;
-- What a sprint holds is counted from this index alone.
CREATE INDEX issues_sprint ON issues (sprint_id, status) INCLUDE (estimate, deleted_at) WHERE sprint_id IS NOT NULL;
CREATE INDEX issues_parent ON issues (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX issues_trash ON issues (project_id, deleted_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
-- What lists are filtered by, a few values each, hashed together with the project and a segment of 8,192 numbers: so
-- one look into the index of issue_facets finds what has all that is asked for in that segment, and little else.
CREATE FUNCTION facet(project int, segment int, value int) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN hashint4extended(segment, hashint4extended(project, value));
-- Values of an enumeration by their names: their own hashes are those of numbers that another database has not.
CREATE FUNCTION own_facets(project int, number int, status issue_status, priority issue_priority, type issue_type,
                           assignee int, sprint int) RETURNS bigint[]
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN ARRAY[facet(project, number / 8192, hashtext(status::text)), facet(project, number / 8192, hashtext(priority::text)),
               facet(project, number / 8192, hashtext(type::text)), facet(project, number / 8192, coalesce(assignee, 0)),
               facet(project, number / 8192, 1073741824 + coalesce(sprint, 0))];
-- Whether an issue is open follows from its status: taken for independent, few would be expected to be both.
CREATE STATISTICS issues_status_closed (mcv) ON status, closed_at FROM issues;

-- Only an active member can be assigned; one whose membership ended keeps what is closed.
CREATE FUNCTION assignee_is_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM project_members
    WHERE project_id = NEW.project_id AND user_id = NEW.assignee_id AND ended_at IS NULL FOR SHARE;
  IF NOT FOUND AND NEW.closed_at IS NULL THEN
    RAISE EXCEPTION 'the assignee is not an active member'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'issues_assignee_member';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER issue_created_assigned BEFORE INSERT ON issues
  FOR EACH ROW WHEN (NEW.assignee_id IS NOT NULL) EXECUTE FUNCTION assignee_is_member();
CREATE TRIGGER issue_assigned BEFORE UPDATE OF assignee_id, closed_at ON issues
  FOR EACH ROW WHEN (NEW.assignee_id IS NOT NULL
    AND (OLD.assignee_id IS DISTINCT FROM NEW.assignee_id OR (OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL)))
  EXECUTE FUNCTION assignee_is_member();

-- The facets of each issue that is not in the trash: own_facets, and those that other tables give. They lie apart, so
-- that to find an issue costs a tenth, and that only what changes them writes them to their index.
CREATE TABLE issue_facets (
  issue_id   bigint PRIMARY KEY,
  project_id int NOT NULL,
  number     int NOT NULL,
  facets     bigint[] NOT NULL
);
-- Whoever changes an issue only appends to the index's list of what is new: at 64 kB that is put in order at once.
CREATE INDEX issue_facets_values ON issue_facets USING gin (facets)
  WITH (fastupdate = on, gin_pending_list_limit = 64);

CREATE FUNCTION issues_faceted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO issue_facets
    SELECT id, project_id, number, own_facets(project_id, number, status, priority, type, assignee_id, sprint_id) || facets
    FROM new_rows WHERE deleted_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER issues_faceted AFTER INSERT ON issues
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION issues_faceted();

CREATE FUNCTION issue_refaceted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  known bigint[];
BEGIN
  IF TG_OP = 'DELETE' OR NEW.deleted_at IS NOT NULL THEN
    DELETE FROM issue_facets WHERE issue_id = OLD.id;
    RETURN NULL;
  END IF;
  known := own_facets(NEW.project_id, NEW.number, NEW.status, NEW.priority, NEW.type, NEW.assignee_id, NEW.sprint_id)
           || NEW.facets;
  UPDATE issue_facets SET facets = known WHERE issue_id = NEW.id;
  IF NOT FOUND THEN
    INSERT INTO issue_facets VALUES (NEW.id, NEW.project_id, NEW.number, known);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_refaceted AFTER UPDATE ON issues FOR EACH ROW
  WHEN (OLD.status <> NEW.status OR OLD.priority <> NEW.priority OR OLD.type <> NEW.type
        OR OLD.assignee_id IS DISTINCT FROM NEW.assignee_id OR OLD.sprint_id IS DISTINCT FROM NEW.sprint_id
        OR OLD.facets <> NEW.facets OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at)
  EXECUTE FUNCTION issue_refaceted();
CREATE TRIGGER issue_unfaceted AFTER DELETE ON issues
  FOR EACH ROW WHEN (OLD.deleted_at IS NULL) EXECUTE FUNCTION issue_refaceted();

CREATE TABLE issue_texts (
  issue_id            bigint PRIMARY KEY REFERENCES issues,
  description         prose NOT NULL DEFAULT '',
  description_version int NOT NULL DEFAULT 1
);

CREATE TABLE issue_labels (
  project_id int NOT NULL,
  issue_id   bigint NOT NULL,
  label_id   int NOT NULL,
  PRIMARY KEY (issue_id, label_id),
  FOREIGN KEY (project_id, issue_id) REFERENCES issues (project_id, id),
  FOREIGN KEY (project_id, label_id) REFERENCES labels (project_id, id) ON DELETE CASCADE
);
CREATE INDEX issue_labels_label ON issue_labels (label_id, issue_id DESC);

-- blocker_id blocks blocked_id. Both are issues of one project.
CREATE TABLE issue_links (
  project_id int NOT NULL,
  blocker_id bigint NOT NULL,
  blocked_id bigint NOT NULL,
  PRIMARY KEY (blocked_id, blocker_id),
  CONSTRAINT issue_links_self_check CHECK (blocker_id <> blocked_id),
  FOREIGN KEY (project_id, blocker_id) REFERENCES issues (project_id, id),
  FOREIGN KEY (project_id, blocked_id) REFERENCES issues (project_id, id)
);
CREATE INDEX issue_links_blocker ON issue_links (blocker_id);
CREATE INDEX issue_links_project ON issue_links (project_id, blocked_id);

-- The facets of what an issue's labels and links say: labels by their ids below zero, and that something blocks it.
CREATE FUNCTION linked_facets(issue bigint, project int, number int) RETURNS bigint[]
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN ARRAY(SELECT facet(project, number / 8192, -l.label_id) FROM issue_labels l WHERE l.issue_id = issue
               UNION ALL
               SELECT DISTINCT facet(project, number / 8192, -2147483647) FROM issue_links k WHERE k.blocked_id = issue);

-- The same in as many bits: most issues that lack a label are told by them without a look at their labels.
CREATE FUNCTION marks_of(issue bigint) RETURNS int
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce((SELECT bit_or(l.mark) FROM issue_labels il JOIN labels l ON l.id = il.label_id
                   WHERE il.issue_id = issue), 0)
         | CASE WHEN EXISTS (SELECT FROM issue_links k WHERE k.blocked_id = issue) THEN 1 << 31 ELSE 0 END;

-- What is taken away stays among an issue's facets and marks until something is added: there may be too many, never
-- too few. So whoever adds a label or a link holds the issue first: who read its labels before would write what they saw.
CREATE FUNCTION label_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM new_rows n JOIN labels l ON l.id = n.label_id JOIN issues i ON i.id = n.issue_id
    WHERE NOT i.facets @> ARRAY[facet(i.project_id, i.number / 8192, -n.label_id)] OR i.marks & l.mark = 0
    ORDER BY i.id FOR NO KEY UPDATE OF i;
  IF FOUND THEN
    UPDATE issues i SET facets = linked_facets(i.id, i.project_id, i.number), marks = marks_of(i.id)
      WHERE i.id IN (SELECT issue_id FROM new_rows)
        AND (i.facets, i.marks) IS DISTINCT FROM (linked_facets(i.id, i.project_id, i.number), marks_of(i.id));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_labelled AFTER INSERT ON issue_labels
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION label_added();
CREATE FUNCTION link_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM new_rows n JOIN issues i ON i.id = n.blocked_id
    WHERE NOT i.facets @> ARRAY[facet(i.project_id, i.number / 8192, -2147483647)] OR i.marks & (1 << 31) = 0
    ORDER BY i.id FOR NO KEY UPDATE OF i;
  IF FOUND THEN
    UPDATE issues i SET facets = linked_facets(i.id, i.project_id, i.number), marks = marks_of(i.id)
      WHERE i.id IN (SELECT blocked_id FROM new_rows)
        AND (i.facets, i.marks) IS DISTINCT FROM (linked_facets(i.id, i.project_id, i.number), marks_of(i.id));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_linked AFTER INSERT ON issue_links
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION link_added();

CREATE TABLE comments (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL,
  issue_id   bigint NOT NULL,
  author_id  int NOT NULL REFERENCES users,
  body       prose NOT NULL CHECK (btrim(body, E' \n\t') <> ''),
  version    int NOT NULL DEFAULT 1,
  source_key text,
  created_at timestamptz NOT NULL DEFAULT now(),
  edited_at  timestamptz,
  deleted_at timestamptz,
  -- Who brought it: a file's word for it that the author wrote this. Nobody, once the author edited it here.
  imported_by int REFERENCES users,
  FOREIGN KEY (project_id, issue_id) REFERENCES issues (project_id, id)
);
CREATE INDEX comments_issue ON comments (issue_id, created_at, id);
CREATE UNIQUE INDEX comments_source ON comments (issue_id, source_key) WHERE source_key IS NOT NULL;

-- Where an imported issue came from, by which a second import finds it, and what the tracker has no place for.
CREATE TABLE issue_sources (
  project_id int NOT NULL,
  source_key text NOT NULL CHECK (char_length(source_key) BETWEEN 1 AND 500),
  issue_id   bigint NOT NULL CONSTRAINT issue_sources_issue_key UNIQUE,
  url        text CHECK (char_length(url) <= 2000),
  metadata   jsonb NOT NULL DEFAULT '{}',
  -- What the source last said, hashed: a second import of the same changes nothing.
  digest     bytea NOT NULL,
  -- Who brought the issue; nobody, if it was made here and an import only knew it by its own export.
  imported_by int REFERENCES users,
  PRIMARY KEY (project_id, source_key),
  FOREIGN KEY (project_id, issue_id) REFERENCES issues (project_id, id)
);

-- When an issue was in a sprint. The report of a sprint reads it: committed is what was in it when it
-- started, carried over is what left it when it finished.
CREATE TABLE sprint_scope (
  sprint_id  int NOT NULL REFERENCES sprints,
  issue_id   bigint NOT NULL REFERENCES issues,
  added_at   timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  PRIMARY KEY (sprint_id, issue_id, added_at)
);
CREATE UNIQUE INDEX sprint_scope_now ON sprint_scope (issue_id) WHERE removed_at IS NULL;
CREATE INDEX sprint_scope_issue ON sprint_scope (issue_id);

CREATE FUNCTION sprint_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.sprint_id IS NOT NULL THEN
    UPDATE sprint_scope SET removed_at = now() WHERE issue_id = OLD.id AND removed_at IS NULL;
  END IF;
  IF NEW.sprint_id IS NOT NULL THEN
    INSERT INTO sprint_scope (sprint_id, issue_id) VALUES (NEW.sprint_id, NEW.id)
      ON CONFLICT (sprint_id, issue_id, added_at) DO UPDATE SET removed_at = NULL;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_created_in_sprint AFTER INSERT ON issues
  FOR EACH ROW WHEN (NEW.sprint_id IS NOT NULL) EXECUTE FUNCTION sprint_changed();
CREATE TRIGGER issue_sprint_changed AFTER UPDATE OF sprint_id ON issues
  FOR EACH ROW WHEN (OLD.sprint_id IS DISTINCT FROM NEW.sprint_id) EXECUTE FUNCTION sprint_changed();

-- Search -------------------------------------------------------------------------------------------------

-- Derived from titles and descriptions by lexemes.py; `rhythm db reindex` rebuilds it. Every lexeme carries
-- its project and its segment of 8,192 numbers (12.75/database), so that one GIN look-up finds the newest
-- segment's matches only. The trash is not in it.
-- Rows up to a page stay uncompressed: reading one would take ten times as long.
CREATE TABLE issue_search (
  issue_id   bigint PRIMARY KEY,
  project_id int NOT NULL,
  number     int NOT NULL,
  tsv        tsvector NOT NULL,
  FOREIGN KEY (project_id, issue_id) REFERENCES issues (project_id, id)
) WITH (toast_tuple_target = 8160);
CREATE UNIQUE INDEX issue_search_newest ON issue_search (project_id, number DESC);

-- What the index of words points at: a row for each of issue_search without the words, but with all that lists are
-- filtered and ordered by. To look at an issue that is found costs a tenth of reading it, and most of these rows stay in
-- the server's memory. No index is of a column that changes: so they change in place, where their page has room.
CREATE TABLE issue_index (
  id          bigint PRIMARY KEY,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  closed_at   timestamptz,
  parent_id   bigint,
  project_id  int NOT NULL,
  number      int NOT NULL,
  reporter_id int NOT NULL,
  status      issue_status NOT NULL,
  priority    issue_priority NOT NULL,
  type        issue_type NOT NULL,
  assignee_id int,
  sprint_id   int,
  due         date,
  estimate    numeric(5, 1),
  rank        text COLLATE "C" NOT NULL,
  marks       int NOT NULL
) WITH (fillfactor = 93);
-- An index may only hold what never changes: the words of an issue do, but not while a row of issue_index stands.
-- The triggers of issue_search see to that, which make it anew.
CREATE FUNCTION words_of(issue bigint) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000
  RETURN (SELECT s.tsv FROM issue_search s WHERE s.issue_id = issue);
-- What is written waits in the index's own list until the end of the statement: sorted in together, a lexeme of many
-- issues is unpacked and packed once. Who searches reads the list too, so it stays short: 256 kB are some 80 issues.
CREATE INDEX issue_index_words ON issue_index USING gin (words_of(id))
  WITH (fastupdate = on, gin_pending_list_limit = 256);

CREATE FUNCTION search_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM issue_index x USING old_rows o WHERE x.id = o.issue_id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO issue_index
      SELECT i.id, i.created_at, i.updated_at, i.closed_at, i.parent_id, i.project_id, i.number, i.reporter_id, i.status,
             i.priority, i.type, i.assignee_id, i.sprint_id, i.due, i.estimate, i.rank, i.marks
      FROM new_rows n JOIN issues i ON i.id = n.issue_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_search_added AFTER INSERT ON issue_search
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION search_written();
CREATE TRIGGER issue_search_changed AFTER UPDATE ON issue_search
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION search_written();
CREATE TRIGGER issue_search_dropped AFTER DELETE ON issue_search
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION search_written();

CREATE FUNCTION issue_reindexed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE issue_index SET created_at = NEW.created_at, updated_at = NEW.updated_at, closed_at = NEW.closed_at,
    parent_id = NEW.parent_id, reporter_id = NEW.reporter_id, status = NEW.status, priority = NEW.priority, type = NEW.type,
    assignee_id = NEW.assignee_id, sprint_id = NEW.sprint_id, due = NEW.due, estimate = NEW.estimate, rank = NEW.rank,
    marks = NEW.marks
  WHERE id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_redated AFTER UPDATE ON issues FOR EACH ROW
  WHEN (OLD.created_at <> NEW.created_at OR OLD.updated_at <> NEW.updated_at
        OR OLD.closed_at IS DISTINCT FROM NEW.closed_at OR OLD.parent_id IS DISTINCT FROM NEW.parent_id
        OR OLD.reporter_id <> NEW.reporter_id OR OLD.status <> NEW.status OR OLD.priority <> NEW.priority
        OR OLD.type <> NEW.type OR OLD.assignee_id IS DISTINCT FROM NEW.assignee_id
        OR OLD.sprint_id IS DISTINCT FROM NEW.sprint_id OR OLD.due IS DISTINCT FROM NEW.due
        OR OLD.estimate IS DISTINCT FROM NEW.estimate OR OLD.rank <> NEW.rank OR OLD.marks <> NEW.marks)
  EXECUTE FUNCTION issue_reindexed();

-- Sorts in what waits; as the index's owner, for only they may. Where somebody is at it, others leave theirs to
-- whoever comes next. A load holds the lock with all others (rhythm.loading): it sorts in whenever the list is full, and
-- nobody else is held up by what it brings.
CREATE FUNCTION settle_search() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF pg_try_advisory_xact_lock(-5, 0) THEN
    PERFORM gin_clean_pending_list('issue_index_words');
  END IF;
  RETURN NULL;
END $$;
-- Triggers fire in the order of their names: this one is the last.
CREATE TRIGGER issue_search_settled AFTER INSERT OR UPDATE ON issue_search FOR EACH STATEMENT
  WHEN (current_setting('rhythm.loading', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION settle_search();

-- Saved views --------------------------------------------------------------------------------------------

CREATE TABLE saved_views (
  id         int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner_id   int NOT NULL REFERENCES users,
  project_id int REFERENCES projects,
  name       one_line NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  folded     text NOT NULL,
  query      one_line NOT NULL CHECK (char_length(query) <= 1000),
  published  boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT saved_views_published_check CHECK (NOT published OR project_id IS NOT NULL)
);
CREATE UNIQUE INDEX saved_views_name_key ON saved_views (owner_id, coalesce(project_id, 0), folded);
CREATE INDEX saved_views_project ON saved_views (project_id) WHERE published;

-- Notes --------------------------------------------------------------------------------------------------

-- What the app keeps for a person of the shared instance, who has no folder of their own there: texts that are
-- not saved yet, how they left it. Values are JSON that only the app reads.
CREATE TABLE notes (
  user_id int NOT NULL REFERENCES users,
  kind    text NOT NULL CHECK (char_length(kind) <= 20),
  name    text NOT NULL CHECK (char_length(name) <= 200),
  value   text NOT NULL CHECK (octet_length(value) <= 2000000),
  kept_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, kind, name)
);

-- History ------------------------------------------------------------------------------------------------

-- Every change, by whom, by which permission, and what it was before and after. `id` is made by the client:
-- a write that is sent twice happens once. One action of a person is one operation; a bulk edit has many
-- events in one. `undoes` is the operation that this one takes back. Events outlive a purged issue, so
-- issue_id is no foreign key.
CREATE TABLE events (
  seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id         uuid NOT NULL CONSTRAINT events_id_key UNIQUE,
  operation  uuid NOT NULL,
  kind       text NOT NULL,
  permission text NOT NULL,
  actor_id   int NOT NULL REFERENCES users,
  project_id int REFERENCES projects,
  issue_id   bigint,
  before     jsonb NOT NULL DEFAULT '{}',
  after      jsonb NOT NULL DEFAULT '{}',
  undoes     uuid,
  at         timestamptz NOT NULL DEFAULT now(),
  erased_at  timestamptz
);
CREATE INDEX events_operation ON events (operation);
CREATE INDEX events_project ON events (project_id, seq DESC);
CREATE INDEX events_issue ON events (issue_id, seq DESC) WHERE issue_id IS NOT NULL;
-- How work flows is read from the changes of a status in a span of time.
CREATE INDEX events_moves ON events (project_id, at) WHERE before ? 'status';
CREATE INDEX events_actor ON events (actor_id, project_id, seq DESC);
-- The first event of an operation has the operation's own id: one entry for each undo, however much it undid.
CREATE INDEX events_undoes ON events (undoes) WHERE undoes IS NOT NULL AND id = operation;

-- History is only appended to. Purging an issue erases what its events held, and leaves them standing.
CREATE FUNCTION events_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL
     AND NEW.before = '{}' AND NEW.after = '{}'
     AND (NEW.seq, NEW.id, NEW.operation, NEW.kind, NEW.permission, NEW.actor_id, NEW.at)
       = (OLD.seq, OLD.id, OLD.operation, OLD.kind, OLD.permission, OLD.actor_id, OLD.at)
     AND (NEW.project_id, NEW.issue_id, NEW.undoes) IS NOT DISTINCT FROM (OLD.project_id, OLD.issue_id, OLD.undoes)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'history is only appended to' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'events_are_kept';
END $$;
CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE ON events
  FOR EACH ROW EXECUTE FUNCTION events_are_kept();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON events
  FOR EACH STATEMENT EXECUTE FUNCTION events_are_kept();

-- Counts -------------------------------------------------------------------------------------------------

-- How many issues stand where, exactly, without counting. One row for all writers would queue them; each
-- backend adds to one of 16 shards, rows always in one order, and readers sum. Loads, whose transactions are long, add
-- to 16 others.
CREATE TABLE issue_counts (
  project_id int NOT NULL,
  status     issue_status NOT NULL,
  shard      smallint NOT NULL,
  total      bigint NOT NULL,
  PRIMARY KEY (project_id, status, shard)
) WITH (fillfactor = 50);

CREATE FUNCTION count_issues() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own int := pg_backend_pid() % 16 + CASE current_setting('rhythm.loading', true) WHEN 'on' THEN 16 ELSE 0 END;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO issue_counts AS c (project_id, status, shard, total)
      SELECT project_id, status, own, count(*) FROM new_rows
      WHERE deleted_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (project_id, status, shard) DO UPDATE SET total = c.total + excluded.total;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO issue_counts AS c (project_id, status, shard, total)
      SELECT project_id, status, own, -count(*) FROM old_rows
      WHERE deleted_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (project_id, status, shard) DO UPDATE SET total = c.total + excluded.total;
  ELSE
    INSERT INTO issue_counts AS c (project_id, status, shard, total)
      SELECT project_id, status, own, sum(one) FROM (
        SELECT project_id, status, 1 AS one FROM new_rows WHERE deleted_at IS NULL
        UNION ALL
        SELECT project_id, status, -1 FROM old_rows WHERE deleted_at IS NULL) changes
      GROUP BY 1, 2 HAVING sum(one) <> 0 ORDER BY 1, 2
      ON CONFLICT (project_id, status, shard) DO UPDATE SET total = c.total + excluded.total;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER count_inserted AFTER INSERT ON issues
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_issues();
CREATE TRIGGER count_updated AFTER UPDATE ON issues
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_issues();
CREATE TRIGGER count_deleted AFTER DELETE ON issues
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_issues();
