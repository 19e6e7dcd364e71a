-- oldest-program: 1
-- The names on a list were asked for with each page. Whoever has kept them now asks only whether one of them changed.
ALTER TABLE instance ADD COLUMN names_version uuid NOT NULL DEFAULT gen_random_uuid();

CREATE FUNCTION names_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE instance SET names_version = gen_random_uuid();
  RETURN NULL;
END $$;
CREATE TRIGGER users_renamed AFTER UPDATE OF name, display_name ON users
  FOR EACH STATEMENT EXECUTE FUNCTION names_changed();
CREATE TRIGGER projects_renamed AFTER UPDATE OF key ON projects
  FOR EACH STATEMENT EXECUTE FUNCTION names_changed();
CREATE TRIGGER labels_renamed AFTER UPDATE OF name, folded, colour ON labels
  FOR EACH STATEMENT EXECUTE FUNCTION names_changed();
CREATE TRIGGER sprints_renamed AFTER UPDATE OF name ON sprints
  FOR EACH STATEMENT EXECUTE FUNCTION names_changed();
