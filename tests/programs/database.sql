-- A database that is read through a mapping: it doubles by inserts to some 200 MiB, with a query after each, which maps what is new; then it is indexed,
-- halved and vacuumed.
PRAGMA page_size = 4096;
PRAGMA mmap_size = 1073741824;
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
CREATE TABLE item (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, name TEXT NOT NULL, content BLOB NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
    INSERT INTO item SELECT i, i * 7919 % 1000, printf('item %08d', i * 31 % 100003), randomblob(700) FROM n;
CREATE VIEW next AS SELECT id + (SELECT max(id) FROM item) AS id, (owner * 31 + 7) % 1000 AS owner, 'copy of ' || id AS name, randomblob(700) AS content FROM item;
CREATE VIEW total AS SELECT count(*), sum(length(content)) FROM item WHERE content > x'80';
INSERT INTO item SELECT * FROM next;
SELECT * FROM total;
INSERT INTO item SELECT * FROM next;
SELECT * FROM total;
INSERT INTO item SELECT * FROM next;
SELECT * FROM total;
INSERT INTO item SELECT * FROM next;
SELECT * FROM total;
INSERT INTO item SELECT * FROM next;
SELECT * FROM total;
INSERT INTO item SELECT * FROM next;
SELECT * FROM total;
CREATE INDEX item_by_owner ON item (owner, name);
SELECT owner, count(*), max(name) FROM item GROUP BY owner ORDER BY owner LIMIT 3;
DELETE FROM item WHERE owner % 2 = 0;
VACUUM;
SELECT count(*), count(DISTINCT owner) FROM item;
PRAGMA integrity_check;
