-- Answers of commands that must have one effect only, by the caller's key.
CREATE TABLE house_command_key (
  tenant BIGINT NOT NULL,
  key TEXT NOT NULL,
  request BYTEA NOT NULL,
  answer JSONB NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, key)
);
