-- An application that is being filled in (Entwurf). `answers` are good answers, `typed` is what was typed on a page and
-- not taken in yet. `token_hash` is of the browser's draft cookie: it owns a draft without account, and may add to
-- (never read) one with account.
CREATE TABLE services_draft (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  service TEXT NOT NULL,
  form TEXT NOT NULL,
  form_version BIGINT NOT NULL,
  account_id UUID,
  token_hash BYTEA NOT NULL,
  answers JSONB NOT NULL,
  typed JSONB NOT NULL,
  revision BIGINT NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX services_draft_account ON services_draft (tenant, account_id, updated_at);
CREATE INDEX services_draft_token ON services_draft (tenant, token_hash, updated_at);
CREATE INDEX services_draft_expiry ON services_draft (tenant, expires_at);
-- A submitted application (Antrag). The id of its draft is unique: a second submission finds the first.
CREATE TABLE services_application (
  tenant BIGINT NOT NULL,
  case_id UUID NOT NULL,
  draft_id UUID NOT NULL,
  number TEXT NOT NULL,
  service TEXT NOT NULL,
  form TEXT NOT NULL,
  form_version BIGINT NOT NULL,
  account_id UUID,
  token_hash BYTEA NOT NULL,
  answers JSONB NOT NULL,
  sections JSONB NOT NULL,
  sections_german JSONB NOT NULL,
  uploads JSONB NOT NULL,
  level TEXT NOT NULL,
  submitted_at TIMESTAMPTZ NOT NULL,
  print_id UUID,
  PRIMARY KEY (tenant, case_id),
  UNIQUE (tenant, draft_id)
);
-- What people said about the portal (Feedback-Mechanismus).
CREATE TABLE services_feedback (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  kind TEXT NOT NULL,
  page TEXT NOT NULL,
  message TEXT NOT NULL,
  reply_to TEXT NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX services_feedback_at ON services_feedback (tenant, at);
