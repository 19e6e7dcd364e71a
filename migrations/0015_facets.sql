-- oldest-program: 1
-- What fulfils several frequent conditions together was looked for issue by issue.
-- What lists are filtered by, a few values each: one look into the index finds what has all that is asked for, among
-- 2,048 numbers of a project. Values are hashed together with these, so that what is found is compared once more.
CREATE FUNCTION facet(project int, segment int, value int) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN hashint4extended(segment, hashint4extended(project, value));
CREATE FUNCTION issue_facets(project int, number int, status issue_status, priority issue_priority, type issue_type,
                             assignee int) RETURNS bigint[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY[facet(project, number / 2048, hashenum(status)), facet(project, number / 2048, hashenum(priority)),
               facet(project, number / 2048, hashenum(type)), facet(project, number / 2048, coalesce(assignee, 0))];
-- Whoever changes an issue only appends to the index's list of what is new: at 64 kB that is put in order at once.
CREATE INDEX issues_facets ON issues
  USING gin (issue_facets(project_id, number, status, priority, type, assignee_id))
  WITH (fastupdate = on, gin_pending_list_limit = 64) WHERE deleted_at IS NULL;
