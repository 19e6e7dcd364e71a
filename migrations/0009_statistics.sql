-- oldest-program: 1
-- Whether an issue is open follows from its status; taken for independent, few were expected to be both.
CREATE STATISTICS issues_status_closed (mcv) ON status, closed_at FROM issues;
ANALYZE issues;
