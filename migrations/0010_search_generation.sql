-- oldest-program: 1
-- The search index holds more for issues that are written from now on. Where there are issues, it is only asked for
-- that once `rhythm db reindex` has made it anew.
ALTER TABLE instance ADD COLUMN search_generation int NOT NULL DEFAULT 2;
UPDATE instance SET search_generation = 1 WHERE EXISTS (SELECT FROM issues);
