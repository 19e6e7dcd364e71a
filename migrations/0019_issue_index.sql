-- A found issue cost a page of its own, as the index of words pointed at the words themselves. On a million issues this
-- takes a minute or two.
DROP INDEX issue_search_tsv;

-- What the index of words points at: a row for each of issue_search without the words, so that a hundred and fifty
-- share a page where of those there are three. To find an issue costs a tenth, and all stay in the server's memory.
CREATE TABLE issue_index (
  issue_id   bigint PRIMARY KEY,
  project_id int NOT NULL,
  number     int NOT NULL,
  created_at timestamptz NOT NULL
);
-- An index may only hold what never changes: the words of an issue do, but not while a row of issue_index stands.
-- The triggers of issue_search see to that, which make it anew.
CREATE FUNCTION words_of(issue bigint) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000
  RETURN (SELECT s.tsv FROM issue_search s WHERE s.issue_id = issue);
INSERT INTO issue_index
  SELECT i.id, i.project_id, i.number, i.created_at FROM issue_search s JOIN issues i ON i.id = s.issue_id ORDER BY i.id;
-- What is written waits in the index's own list until the end of the statement: sorted in together, a lexeme of many
-- issues is unpacked and packed once. Who searches reads the list too, so it stays short: 256 kB are some 80 issues.
CREATE INDEX issue_index_words ON issue_index USING gin (words_of(issue_id))
  WITH (fastupdate = on, gin_pending_list_limit = 256);

CREATE FUNCTION search_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM issue_index i USING old_rows o WHERE i.issue_id = o.issue_id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO issue_index
      SELECT i.id, i.project_id, i.number, i.created_at FROM new_rows n JOIN issues i ON i.id = n.issue_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_search_added AFTER INSERT ON issue_search
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION search_written();
CREATE TRIGGER issue_search_changed AFTER UPDATE ON issue_search
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION search_written();
CREATE TRIGGER issue_search_dropped AFTER DELETE ON issue_search
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION search_written();

CREATE FUNCTION issue_redated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE issue_index SET created_at = NEW.created_at WHERE issue_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_redated AFTER UPDATE OF created_at ON issues
  FOR EACH ROW WHEN (OLD.created_at IS DISTINCT FROM NEW.created_at) EXECUTE FUNCTION issue_redated();

CREATE OR REPLACE FUNCTION settle_search() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF pg_try_advisory_xact_lock(-5, 0) THEN
    PERFORM gin_clean_pending_list('issue_index_words');
  END IF;
  RETURN NULL;
END $$;
