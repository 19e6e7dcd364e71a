-- oldest-program: 1
-- Whoever moved an issue waited for an import's transaction where both counted in the same row.
CREATE OR REPLACE FUNCTION count_issues() RETURNS trigger LANGUAGE plpgsql AS $$
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
