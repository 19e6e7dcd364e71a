-- Who is in a project, and as what.

-- name: members_of
-- The members of a project, the highest role first; former ones only if asked for, behind the others.
SELECT u.id, u.name, u.display_name, u.active, m.role, m.since, m.ended_at
FROM project_members m JOIN users u ON u.id = m.user_id
WHERE m.project_id = %(project)s AND (m.ended_at IS NULL OR %(former)s)
ORDER BY m.ended_at IS NOT NULL, m.role DESC, u.name;

-- name: member_named
-- One membership, ended or not.
SELECT u.id, u.name, u.display_name, u.active, m.role, m.since, m.ended_at
FROM project_members m JOIN users u ON u.id = m.user_id
WHERE m.project_id = %(project)s AND u.name = %(name)s;

-- name: hold_member
-- A membership that has not ended, locked: what its person writes at this moment is waited for.
SELECT u.id, m.role
FROM project_members m JOIN users u ON u.id = m.user_id
WHERE m.project_id = %(project)s AND u.name = %(name)s AND m.ended_at IS NULL
FOR NO KEY UPDATE OF m;

-- name: assignable
-- Who can be assigned: members whose account was not deactivated.
SELECT u.id, u.name FROM project_members m JOIN users u ON u.id = m.user_id
WHERE m.project_id = %(project)s AND m.ended_at IS NULL AND (u.active OR NOT u.claimed)
  AND (%(name)s::text IS NULL OR u.name = %(name)s);

-- name: has_owner_besides
SELECT EXISTS (
  SELECT 1 FROM project_members m JOIN users u ON u.id = m.user_id
  WHERE m.project_id = %(project)s AND m.role = 'owner' AND m.ended_at IS NULL AND u.active
    AND m.user_id IS DISTINCT FROM %(besides)s::int) AS found;

-- name: put_member
-- Makes a person a member, takes a former one back, or changes a role.
INSERT INTO project_members AS m (project_id, user_id, role) VALUES (%(project)s, %(user)s, %(role)s)
ON CONFLICT (project_id, user_id) DO UPDATE SET
  role = excluded.role, ended_at = NULL,
  since = CASE WHEN m.ended_at IS NULL THEN m.since ELSE excluded.since END;

-- name: end_member
UPDATE project_members SET ended_at = now()
WHERE project_id = %(project)s AND user_id = %(user)s AND ended_at IS NULL;

-- name: unassign_all
-- Takes the open issues of a person in a project from them, those in the trash too.
WITH theirs AS (
  SELECT id FROM issues WHERE project_id = %(project)s AND assignee_id = %(user)s
    AND closed_at IS NULL AND deleted_at IS NULL
  UNION ALL
  SELECT id FROM issues WHERE project_id = %(project)s AND assignee_id = %(user)s
    AND closed_at IS NULL AND deleted_at IS NOT NULL
), held AS (
  SELECT i.id FROM issues i WHERE i.id IN (SELECT id FROM theirs)
    AND i.assignee_id = %(user)s AND i.closed_at IS NULL
  ORDER BY i.id FOR NO KEY UPDATE
)
UPDATE issues i SET assignee_id = NULL, version = i.version + 1, updated_at = now()
FROM held WHERE i.id = held.id
RETURNING i.id;
