-- Stored bytes: the row is written after the bytes are durable, so a row never points at nothing.
CREATE TABLE files_file (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  sha256 BYTEA NOT NULL,
  size BIGINT NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id)
);
