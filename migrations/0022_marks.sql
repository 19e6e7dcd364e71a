-- Whether an issue has a label, or is blocked, was looked up in another table: two microseconds for each issue that was
-- looked at, and mostly a page of that table. Now a few bits of the issue itself tell most that have not. On a million
-- issues this takes a minute or two, in which everybody waits.
LOCK TABLE issues, issue_index, issue_labels, issue_links, labels IN ACCESS EXCLUSIVE MODE;
ALTER TABLE labels ADD COLUMN mark int;
UPDATE labels l SET mark = 1 << (n.id - 1) % 31
  FROM (SELECT folded, min(id) AS id FROM labels GROUP BY folded) n WHERE n.folded = l.folded;
ALTER TABLE labels ALTER COLUMN mark SET NOT NULL;
CREATE INDEX labels_folded ON labels (folded);
CREATE FUNCTION label_marked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.mark := coalesce((SELECT l.mark FROM labels l WHERE l.folded = NEW.folded LIMIT 1),
                       1 << (NEW.id - 1) % 31);
  RETURN NEW;
END $$;
CREATE TRIGGER label_marked BEFORE INSERT ON labels
  FOR EACH ROW WHEN (NEW.mark IS NULL) EXECUTE FUNCTION label_marked();

CREATE FUNCTION marks_of(issue bigint) RETURNS int
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce((SELECT bit_or(l.mark) FROM issue_labels il JOIN labels l ON l.id = il.label_id
                   WHERE il.issue_id = issue), 0)
         | CASE WHEN EXISTS (SELECT FROM issue_links k WHERE k.blocked_id = issue) THEN 1 << 31 ELSE 0 END;
ALTER TABLE issues ADD COLUMN marks int;
ALTER TABLE issues ALTER COLUMN marks TYPE int USING marks_of(id), ALTER COLUMN marks SET NOT NULL;
ALTER TABLE issues ALTER COLUMN marks SET DEFAULT 0;
ALTER TABLE issue_index SET (fillfactor = 93);
ALTER TABLE issue_index ADD COLUMN marks int;
ALTER TABLE issue_index ALTER COLUMN marks TYPE int USING marks_of(id), ALTER COLUMN marks SET NOT NULL;

CREATE OR REPLACE FUNCTION label_added() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION link_added() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION search_written() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION issue_reindexed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE issue_index SET created_at = NEW.created_at, updated_at = NEW.updated_at, closed_at = NEW.closed_at,
    parent_id = NEW.parent_id, reporter_id = NEW.reporter_id, status = NEW.status, priority = NEW.priority, type = NEW.type,
    assignee_id = NEW.assignee_id, sprint_id = NEW.sprint_id, due = NEW.due, estimate = NEW.estimate, rank = NEW.rank,
    marks = NEW.marks
  WHERE id = NEW.id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER issue_redated AFTER UPDATE ON issues FOR EACH ROW
  WHEN (OLD.created_at <> NEW.created_at OR OLD.updated_at <> NEW.updated_at
        OR OLD.closed_at IS DISTINCT FROM NEW.closed_at OR OLD.parent_id IS DISTINCT FROM NEW.parent_id
        OR OLD.reporter_id <> NEW.reporter_id OR OLD.status <> NEW.status OR OLD.priority <> NEW.priority
        OR OLD.type <> NEW.type OR OLD.assignee_id IS DISTINCT FROM NEW.assignee_id
        OR OLD.sprint_id IS DISTINCT FROM NEW.sprint_id OR OLD.due IS DISTINCT FROM NEW.due
        OR OLD.estimate IS DISTINCT FROM NEW.estimate OR OLD.rank <> NEW.rank OR OLD.marks <> NEW.marks)
  EXECUTE FUNCTION issue_reindexed();
