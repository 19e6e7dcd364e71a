-- oldest-program: 1
-- Who brought an issue or a comment: its author is then a file's word.
ALTER TABLE comments ADD COLUMN imported_by int REFERENCES users;
ALTER TABLE issue_sources ADD COLUMN imported_by int REFERENCES users;
