-- The tables of a journal, at SCHEMA_VERSION of journal/migrate.py.

-- What is known of the run: who writes, in which mode, under which rules.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Everything that happened and everything that was asked for, in order, without gaps.
-- chain is a digest over this row and the chain of the row before: a lost, changed or
-- exchanged row is seen.
CREATE TABLE records (
  seq     INTEGER PRIMARY KEY,
  at      TEXT NOT NULL,
  kind    TEXT NOT NULL CHECK (kind IN ('event', 'command', 'decision')),
  type    TEXT NOT NULL,
  case_id TEXT,
  body    BLOB NOT NULL,
  chain   BLOB NOT NULL
) STRICT;

CREATE INDEX records_by_case ON records (case_id, seq) WHERE case_id IS NOT NULL;

-- Nearly every record is a market update, and nobody asks for those by type.
CREATE INDEX records_by_type ON records (type, seq) WHERE type <> 'MarketUpdated';

-- The engine's state after record seq: a short cut for recovery, never the truth.
-- rules is the digest of the rules in force, build the program that saved it.
CREATE TABLE snapshots (
  seq   INTEGER PRIMARY KEY REFERENCES records (seq),
  build TEXT NOT NULL,
  rules TEXT NOT NULL,
  body  BLOB NOT NULL
) STRICT;

-- By what the runs decided. The digest is in each DaemonStarted, so the chain covers it.
CREATE TABLE rules (
  digest TEXT PRIMARY KEY,
  body   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which programs have written here, and behind which record each began to.
CREATE TABLE builds (
  build TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which older records were moved to which file beside this one, and the chain of the
-- last of them: the first record here goes on from it.
CREATE TABLE archives (
  last  INTEGER PRIMARY KEY,
  chain BLOB NOT NULL,
  name  TEXT NOT NULL
) STRICT;

-- The outbox: one row for each alert and each channel it must reach.
--   pending    not yet delivered
--   delivered  the channel took it
--   merged     a later repeat of the same alert was delivered for it, with a count
--   retired    the channel left the configuration; the others have it
CREATE TABLE deliveries (
  seq      INTEGER NOT NULL REFERENCES records (seq),
  channel  TEXT NOT NULL,
  state    TEXT NOT NULL DEFAULT 'pending'
           CHECK (state IN ('pending', 'delivered', 'merged', 'retired')),
  attempts INTEGER NOT NULL DEFAULT 0,
  error    TEXT,
  PRIMARY KEY (seq, channel)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_pending ON deliveries (channel, seq) WHERE state = 'pending';
