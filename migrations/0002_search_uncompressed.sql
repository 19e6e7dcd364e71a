-- oldest-program: 1
-- What is searched stays in its row, uncompressed: comparing the words of a row took ten times as long as
-- reading it. The table is written anew, so that this holds for what is there already.
ALTER TABLE issue_search SET (toast_tuple_target = 8160);
ALTER TABLE issue_search ALTER COLUMN tsv TYPE tsvector USING tsv || ''::tsvector;
