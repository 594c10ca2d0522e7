-- Citizens: city accounts. An account opened by an eID alone has neither e-mail nor password.
-- `email_key` is not unique: couples may share one address, and the password picks the account.
CREATE TABLE identity_account (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  label TEXT NOT NULL,
  email TEXT,
  email_key TEXT,
  password BYTEA,
  password_params TEXT,
  state TEXT NOT NULL,
  lang TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  password_at TIMESTAMPTZ,
  signed_in_on DATE,
  onsite_on DATE,
  onsite_document TEXT,
  onsite_by UUID,
  onsite_unit TEXT,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX identity_account_email ON identity_account (tenant, email_key);

-- What is known of the person behind an account, with where it came from: `selbst` (own statement), `vor-ort`
-- (compared with a document by a clerk) or the key of a login source. A changed answer is a new row.
CREATE TABLE identity_person (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  account UUID NOT NULL,
  source TEXT NOT NULL,
  level TEXT NOT NULL,
  family_key TEXT NOT NULL,
  birth_date TEXT NOT NULL,
  data JSONB NOT NULL,
  read_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, account) REFERENCES identity_account (tenant, id)
);
CREATE INDEX identity_person_account ON identity_person (tenant, account, source);
CREATE INDEX identity_person_birth ON identity_person (tenant, birth_date, family_key);

-- The login source's pseudonym of a person, keyed-hashed.
CREATE TABLE identity_external (
  tenant BIGINT NOT NULL,
  source TEXT NOT NULL,
  subject BYTEA NOT NULL,
  account UUID NOT NULL,
  linked_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, source, subject),
  FOREIGN KEY (tenant, account) REFERENCES identity_account (tenant, id)
);
CREATE INDEX identity_external_account ON identity_external (tenant, account);

-- Staff
CREATE TABLE identity_staff (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  login TEXT NOT NULL,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  unit TEXT NOT NULL,
  password BYTEA,
  password_params TEXT,
  state TEXT NOT NULL,
  lang TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  password_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX identity_staff_login ON identity_staff (tenant, login);

-- Organisation units (Organisationseinheiten), a tree from the city's data.
CREATE TABLE identity_unit (
  tenant BIGINT NOT NULL,
  key TEXT NOT NULL,
  parent TEXT,
  name TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (tenant, key)
);

-- Roles: sets of permissions, with the confidentiality and the special lists they may see.
CREATE TABLE identity_role (
  tenant BIGINT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  clearance TEXT NOT NULL,
  deputies BOOLEAN NOT NULL,
  active BOOLEAN NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (tenant, key)
);
CREATE TABLE identity_role_permission (
  tenant BIGINT NOT NULL,
  role TEXT NOT NULL,
  permission TEXT NOT NULL,
  PRIMARY KEY (tenant, role, permission)
);
CREATE TABLE identity_role_special (
  tenant BIGINT NOT NULL,
  role TEXT NOT NULL,
  special TEXT NOT NULL,
  PRIMARY KEY (tenant, role, special)
);

-- Who holds which role where (unit NULL: the whole city) and when; both days included.
CREATE TABLE identity_grant (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  staff UUID NOT NULL,
  role TEXT NOT NULL,
  unit TEXT,
  from_day DATE NOT NULL,
  to_day DATE,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, staff) REFERENCES identity_staff (tenant, id)
);
CREATE INDEX identity_grant_staff ON identity_grant (tenant, staff);

-- Representation (Vertretung): `deputy` acts for `absent` on these days, both included.
CREATE TABLE identity_deputy (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  absent UUID NOT NULL,
  deputy UUID NOT NULL,
  from_day DATE NOT NULL,
  to_day DATE NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, absent) REFERENCES identity_staff (tenant, id),
  FOREIGN KEY (tenant, deputy) REFERENCES identity_staff (tenant, id)
);
CREATE INDEX identity_deputy_deputy ON identity_deputy (tenant, deputy);
CREATE INDEX identity_deputy_absent ON identity_deputy (tenant, absent);

-- Access classes and who may see them; other modules join identity_access (README).
CREATE TABLE identity_class (
  tenant BIGINT NOT NULL,
  id BIGINT NOT NULL,
  unit TEXT NOT NULL,
  confidentiality TEXT NOT NULL,
  special TEXT NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX identity_class_parts ON identity_class (tenant, unit, confidentiality, special);
CREATE TABLE identity_access (
  tenant BIGINT NOT NULL,
  actor UUID NOT NULL,
  cls BIGINT NOT NULL,
  PRIMARY KEY (tenant, actor, cls)
);
CREATE INDEX identity_access_cls ON identity_access (tenant, cls);

-- Second factors of accounts and staff (`owner`); secrets are enveloped.
CREATE TABLE identity_factor (
  tenant BIGINT NOT NULL,
  owner UUID NOT NULL,
  secret BYTEA,
  pending BYTEA,
  confirmed_at TIMESTAMPTZ,
  last_step BIGINT NOT NULL,
  PRIMARY KEY (tenant, owner)
);
CREATE TABLE identity_recovery (
  tenant BIGINT NOT NULL,
  owner UUID NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (tenant, owner, hash)
);

-- Browsers in which somebody signed in before; they are exempt from what strangers' failures bring on.
CREATE TABLE identity_device (
  tenant BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  owner UUID NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, hash, owner)
);
CREATE INDEX identity_device_owner ON identity_device (tenant, owner);
CREATE INDEX identity_device_expiry ON identity_device (tenant, expires_at);

-- Single-use secrets sent by mail or held by a browser between two steps.
CREATE TABLE identity_ticket (
  tenant BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  purpose TEXT NOT NULL,
  owner UUID,
  data JSONB NOT NULL,
  tries BIGINT NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, hash)
);
CREATE INDEX identity_ticket_expiry ON identity_ticket (tenant, expires_at);
CREATE INDEX identity_ticket_owner ON identity_ticket (tenant, owner);

-- Claim codes: knowledge of one opens one case to somebody without an account.
CREATE TABLE identity_claim (
  tenant BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  case_id UUID NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, hash)
);
CREATE INDEX identity_claim_case ON identity_claim (tenant, case_id);

-- Sessions of citizens, guests and staff. `owner` is the account, the case or the member of staff.
CREATE TABLE identity_session (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  token BYTEA NOT NULL,
  kind TEXT NOT NULL,
  owner UUID NOT NULL,
  level TEXT,
  source TEXT NOT NULL,
  person UUID,
  second_factor BOOLEAN NOT NULL,
  agent TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL,
  idle_seconds BIGINT NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX identity_session_token ON identity_session (tenant, token);
CREATE INDEX identity_session_owner ON identity_session (tenant, owner);
CREATE INDEX identity_session_expiry ON identity_session (tenant, expires_at);

-- Failed attempts per bucket (a keyed hash of what is counted), and when the next one is heard.
CREATE TABLE identity_attempt (
  tenant BIGINT NOT NULL,
  bucket BYTEA NOT NULL,
  count BIGINT NOT NULL,
  next_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, bucket)
);
CREATE INDEX identity_attempt_expiry ON identity_attempt (tenant, expires_at);
