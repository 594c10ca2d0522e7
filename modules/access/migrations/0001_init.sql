-- Somebody asks the Registratur for access. What they typed is kept as it is: nothing is looked up, so that the answer
-- says nothing of what exists.
CREATE TABLE access_request (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  staff_id UUID NOT NULL,
  reference TEXT NOT NULL,
  reason TEXT NOT NULL,
  made_at TIMESTAMPTZ NOT NULL,
  answer TEXT NOT NULL,
  answered_by UUID,
  answered_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX access_request_open ON access_request (tenant, answered_at, made_at);
CREATE INDEX access_request_staff ON access_request (tenant, staff_id, made_at);
