-- oldest-program: 1
-- A third of an import went into unpacking and packing what the search index holds of a frequent lexeme, for each
-- issue anew. What a statement writes is now sorted in together, at its end.
ALTER INDEX issue_search_tsv SET (fastupdate = on, gin_pending_list_limit = 256);

CREATE FUNCTION settle_search() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF pg_try_advisory_xact_lock(-5, 0) THEN
    PERFORM gin_clean_pending_list('issue_search_tsv');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER issue_search_settled AFTER INSERT OR UPDATE ON issue_search FOR EACH STATEMENT
  WHEN (current_setting('rhythm.loading', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION settle_search();
