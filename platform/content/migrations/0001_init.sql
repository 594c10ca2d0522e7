-- A city's texts, forms, processes, letters and fees, every version of each. Versions are never changed or removed:
-- a case keeps the version it started with.
CREATE TABLE content_item (
  tenant BIGINT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  version BIGINT NOT NULL,
  state TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  sha256 BYTEA NOT NULL,
  origin TEXT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, kind, key, version)
);
