-- What happened. A row is never changed again but for its number (once) and the erasure of its private part.
CREATE TABLE journal_entry (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  -- Order until numbered: transaction (PostgreSQL: its xid, SQLite: 0), then place inside it.
  txn BIGINT NOT NULL,
  ord BIGINT NOT NULL,
  -- 1, 2, 3 … without gaps; NULL until numbered.
  seq BIGINT,
  -- Copies of what `fact` says, for indexes and lists.
  at TIMESTAMPTZ NOT NULL,
  name TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id UUID NOT NULL,
  actor TEXT NOT NULL,
  -- Table of the evidential row whose state the entry records.
  evidence TEXT,
  -- Canonical JSON, byte for byte as hashed.
  fact TEXT NOT NULL,
  private TEXT,
  salt BYTEA,
  private_hash BYTEA NOT NULL,
  leaf BYTEA NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX journal_entry_seq ON journal_entry (tenant, seq) WHERE seq IS NOT NULL;
CREATE INDEX journal_entry_new ON journal_entry (tenant, txn, ord) WHERE seq IS NULL;
CREATE INDEX journal_entry_subject ON journal_entry (tenant, subject_id);
CREATE INDEX journal_entry_evidence ON journal_entry (tenant, evidence, subject_id) WHERE evidence IS NOT NULL;

-- Complete subtrees of the Merkle tree (RFC 6962 section 2.1); level 0 are the leaves.
CREATE TABLE journal_node (
  tenant BIGINT NOT NULL,
  level BIGINT NOT NULL,
  idx BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (tenant, level, idx)
);

-- Size of the tree and its right edge: 32 bytes per hash, largest subtree first.
CREATE TABLE journal_head (
  tenant BIGINT NOT NULL,
  size BIGINT NOT NULL,
  frontier BYTEA NOT NULL,
  PRIMARY KEY (tenant)
);

-- Which process numbers (PostgreSQL); the fence grows with every change of hands.
CREATE TABLE journal_lease (
  tenant BIGINT NOT NULL,
  owner UUID NOT NULL,
  fence BIGINT NOT NULL,
  held_until TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant)
);

-- The last entry each subscriber has dealt with.
CREATE TABLE journal_cursor (
  tenant BIGINT NOT NULL,
  subscriber TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (tenant, subscriber)
);
