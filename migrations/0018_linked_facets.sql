-- oldest-program: 1
-- Labels, and what blocks an issue, were not in the index of facets. Rows are written anew where they lie.
DROP INDEX issues_facets;
ALTER TABLE issues ADD COLUMN facets bigint[] NOT NULL DEFAULT '{}';

-- The facets of what an issue's labels and links say: labels by their ids below zero, and that something blocks it.
CREATE FUNCTION linked_facets(issue bigint, project int, number int) RETURNS bigint[]
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN ARRAY(SELECT facet(project, number / 2048, -l.label_id) FROM issue_labels l WHERE l.issue_id = issue
               UNION ALL
               SELECT DISTINCT facet(project, number / 2048, -2147483647) FROM issue_links k WHERE k.blocked_id = issue);

-- What is taken away stays among an issue's facets until something is added: there may be too many, never too few.
CREATE FUNCTION label_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM new_rows n JOIN issues i ON i.id = n.issue_id
    WHERE NOT i.facets @> ARRAY[facet(i.project_id, i.number / 2048, -n.label_id)]
    ORDER BY i.id FOR NO KEY UPDATE OF i;
  IF FOUND THEN
    UPDATE issues i SET facets = linked_facets(i.id, i.project_id, i.number)
      WHERE i.id IN (SELECT issue_id FROM new_rows) AND i.facets IS DISTINCT FROM linked_facets(i.id, i.project_id, i.number);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_labelled AFTER INSERT ON issue_labels
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION label_added();
CREATE FUNCTION link_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM new_rows n JOIN issues i ON i.id = n.blocked_id
    WHERE NOT i.facets @> ARRAY[facet(i.project_id, i.number / 2048, -2147483647)]
    ORDER BY i.id FOR NO KEY UPDATE OF i;
  IF FOUND THEN
    UPDATE issues i SET facets = linked_facets(i.id, i.project_id, i.number)
      WHERE i.id IN (SELECT blocked_id FROM new_rows) AND i.facets IS DISTINCT FROM linked_facets(i.id, i.project_id, i.number);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_linked AFTER INSERT ON issue_links
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION link_added();

ALTER TABLE issues ALTER COLUMN facets TYPE bigint[] USING linked_facets(id, project_id, number);
-- Whoever changes an issue only appends to the index's list of what is new: at 64 kB that is put in order at once.
CREATE INDEX issues_facets ON issues
  USING gin ((issue_facets(project_id, number, status, priority, type, assignee_id) || facets))
  WITH (fastupdate = on, gin_pending_list_limit = 64) WHERE deleted_at IS NULL;
