-- A process or decision that is being changed (Entwurf): `draft`, `review`, `released` or `dropped`. `base_version` is the
-- released version it began from, 0 for something new. `revision` grows with every change: who saves names the one they saw.
CREATE TABLE processes_draft (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  base_version BIGINT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  note TEXT NOT NULL,
  reason TEXT NOT NULL,
  author UUID,
  reviewer UUID,
  created_at TIMESTAMPTZ NOT NULL,
  changed_at TIMESTAMPTZ NOT NULL,
  decided_at TIMESTAMPTZ,
  revision BIGINT NOT NULL,
  released_version BIGINT,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX processes_draft_changed ON processes_draft (tenant, changed_at, id);
CREATE INDEX processes_draft_key ON processes_draft (tenant, kind, key, state);
-- Everybody who changed it: none of them releases it.
CREATE TABLE processes_draft_editor (
  tenant BIGINT NOT NULL,
  draft UUID NOT NULL,
  staff UUID NOT NULL,
  PRIMARY KEY (tenant, draft, staff),
  FOREIGN KEY (tenant, draft) REFERENCES processes_draft (tenant, id)
);
CREATE INDEX processes_draft_editor_staff ON processes_draft_editor (tenant, staff);
-- The text before each of the last changes, so that they can be undone; `what` names the change that came after it.
CREATE TABLE processes_draft_step (
  tenant BIGINT NOT NULL,
  draft UUID NOT NULL,
  revision BIGINT NOT NULL,
  body TEXT NOT NULL,
  what TEXT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, draft, revision),
  FOREIGN KEY (tenant, draft) REFERENCES processes_draft (tenant, id)
);
-- Which instances of a version still run.
CREATE INDEX processes_instance_version ON processes_instance (tenant, process, version, status);
