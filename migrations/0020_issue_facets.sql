-- What the index of facets found was read with all else of an issue, and it was asked once for every 2,048 numbers: a
-- rare combination took 300 looks. On a million issues this takes two or three minutes.
DROP INDEX issues_facets;
DROP FUNCTION issue_facets;

-- Values of an enumeration by their names: their own hashes are those of numbers that another database has not.
CREATE FUNCTION own_facets(project int, number int, status issue_status, priority issue_priority, type issue_type,
                           assignee int, sprint int) RETURNS bigint[]
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN ARRAY[facet(project, number / 8192, hashtext(status::text)), facet(project, number / 8192, hashtext(priority::text)),
               facet(project, number / 8192, hashtext(type::text)), facet(project, number / 8192, coalesce(assignee, 0)),
               facet(project, number / 8192, 1073741824 + coalesce(sprint, 0))];
CREATE OR REPLACE FUNCTION linked_facets(issue bigint, project int, number int) RETURNS bigint[]
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN ARRAY(SELECT facet(project, number / 8192, -l.label_id) FROM issue_labels l WHERE l.issue_id = issue
               UNION ALL
               SELECT DISTINCT facet(project, number / 8192, -2147483647) FROM issue_links k WHERE k.blocked_id = issue);
CREATE OR REPLACE FUNCTION label_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM new_rows n JOIN issues i ON i.id = n.issue_id
    WHERE NOT i.facets @> ARRAY[facet(i.project_id, i.number / 8192, -n.label_id)]
    ORDER BY i.id FOR NO KEY UPDATE OF i;
  IF FOUND THEN
    UPDATE issues i SET facets = linked_facets(i.id, i.project_id, i.number)
      WHERE i.id IN (SELECT issue_id FROM new_rows) AND i.facets IS DISTINCT FROM linked_facets(i.id, i.project_id, i.number);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION link_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM new_rows n JOIN issues i ON i.id = n.blocked_id
    WHERE NOT i.facets @> ARRAY[facet(i.project_id, i.number / 8192, -2147483647)]
    ORDER BY i.id FOR NO KEY UPDATE OF i;
  IF FOUND THEN
    UPDATE issues i SET facets = linked_facets(i.id, i.project_id, i.number)
      WHERE i.id IN (SELECT blocked_id FROM new_rows) AND i.facets IS DISTINCT FROM linked_facets(i.id, i.project_id, i.number);
  END IF;
  RETURN NULL;
END $$;
ALTER TABLE issues ALTER COLUMN facets TYPE bigint[] USING linked_facets(id, project_id, number);

-- The facets of each issue that is not in the trash: own_facets, and those that other tables give. They lie apart, so
-- that to find an issue costs a tenth, and that only what changes them writes them to their index.
CREATE TABLE issue_facets (
  issue_id   bigint PRIMARY KEY,
  project_id int NOT NULL,
  number     int NOT NULL,
  facets     bigint[] NOT NULL
);
INSERT INTO issue_facets
  SELECT id, project_id, number, own_facets(project_id, number, status, priority, type, assignee_id, sprint_id) || facets
  FROM issues WHERE deleted_at IS NULL ORDER BY id;
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
