-- Another system whose export is taken over, and in versions which of its columns means what (Zuordnung).
CREATE TABLE exchange_source (
  tenant BIGINT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  made_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, key)
);
CREATE TABLE exchange_mapping (
  tenant BIGINT NOT NULL,
  source TEXT NOT NULL,
  version BIGINT NOT NULL,
  body JSONB NOT NULL,
  saved_by UUID NOT NULL,
  saved_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, source, version),
  FOREIGN KEY (tenant, source) REFERENCES exchange_source (tenant, key)
);
-- A dry run (`check`) or an import of a folder: `running`, `stopped`, `failed` or `done`. `next_row` is the first row
-- that is not committed, from 0; `sha256` is that of the table it began with; `units` are those it may write into.
CREATE TABLE exchange_run (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  source TEXT NOT NULL,
  version BIGINT NOT NULL,
  folder TEXT NOT NULL,
  table_file TEXT NOT NULL,
  sha256 BYTEA NOT NULL,
  units JSONB NOT NULL,
  total BIGINT NOT NULL,
  next_row BIGINT NOT NULL,
  created BIGINT NOT NULL,
  versions BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  fault TEXT NOT NULL,
  started_by UUID NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, source, version) REFERENCES exchange_mapping (tenant, source, version)
);
CREATE INDEX exchange_run_started ON exchange_run (tenant, started_at, id);
-- Every row that was refused, with its place in the table, the code of the reason and the faulty value.
CREATE TABLE exchange_refused (
  tenant BIGINT NOT NULL,
  run_id UUID NOT NULL,
  line BIGINT NOT NULL,
  old_id TEXT NOT NULL,
  code TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (tenant, run_id, line),
  FOREIGN KEY (tenant, run_id) REFERENCES exchange_run (tenant, id)
);
-- Files given out into a folder on the server (Ausgabe): `running`, `failed` or `done`.
CREATE TABLE exchange_export (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  state TEXT NOT NULL,
  files BIGINT NOT NULL,
  cases BIGINT NOT NULL,
  documents BIGINT NOT NULL,
  fault TEXT NOT NULL,
  staff_id UUID NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX exchange_export_staff ON exchange_export (tenant, staff_id, started_at);
