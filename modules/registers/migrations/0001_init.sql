-- One question to a register and its answer; asked again when the register is down, never twice with another content.
CREATE TABLE registers_request (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  kind TEXT NOT NULL,
  question JSONB NOT NULL,
  unavailable JSONB NOT NULL,
  state TEXT NOT NULL,
  result TEXT,
  differences JSONB,
  record JSONB,
  restricted BOOLEAN NOT NULL,
  asked_at TIMESTAMPTZ NOT NULL,
  answered_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX registers_request_case ON registers_request (tenant, case_id, kind, asked_at);
-- What to look for in the civil register, from the application.
CREATE TABLE registers_civil (
  tenant BIGINT NOT NULL,
  case_id UUID NOT NULL,
  family_name TEXT NOT NULL,
  first_names TEXT NOT NULL,
  date TEXT,
  place TEXT NOT NULL,
  register_number TEXT,
  noted_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, case_id)
);
