-- What a case costs, line by line, from the city's dated fee rows.
CREATE TABLE payments_fees (
  tenant BIGINT NOT NULL,
  case_id UUID NOT NULL,
  items JSONB NOT NULL,
  total BIGINT NOT NULL,
  set_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant, case_id)
);
-- A demand for payment (Zahlungsvorgang); one per case. Evidential.
CREATE TABLE payments_payment (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  number TEXT NOT NULL,
  unit TEXT NOT NULL,
  purpose TEXT NOT NULL,
  cents BIGINT NOT NULL,
  state TEXT NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  latest UUID,
  paid_by UUID,
  reference TEXT,
  requested_at TIMESTAMPTZ NOT NULL,
  settled_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, case_id)
);
CREATE INDEX payments_payment_requested ON payments_payment (tenant, requested_at);
-- One transaction at the provider; its id is the requestId, stored before the provider is called.
CREATE TABLE payments_transaction (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  payment_id UUID NOT NULL,
  case_id UUID NOT NULL,
  cents BIGINT NOT NULL,
  items JSONB NOT NULL,
  redirect_url TEXT NOT NULL,
  state TEXT NOT NULL,
  provider_id TEXT,
  reference TEXT,
  pay_url TEXT,
  asked_at TIMESTAMPTZ NOT NULL,
  checks BIGINT NOT NULL,
  next_check TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, provider_id)
);
CREATE INDEX payments_transaction_payment ON payments_transaction (tenant, payment_id, asked_at);
CREATE INDEX payments_transaction_check ON payments_transaction (tenant, next_check);
-- The provider said something that does not fit what was asked: a person has to look.
CREATE TABLE payments_mismatch (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  transaction_id UUID NOT NULL,
  code TEXT NOT NULL,
  expected BIGINT NOT NULL,
  got BIGINT NOT NULL,
  paid BOOLEAN NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL,
  resolved_at TIMESTAMPTZ,
  resolved_by UUID,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, transaction_id, code)
);
CREATE INDEX payments_mismatch_case ON payments_mismatch (tenant, case_id);
-- An order to give money back. Who proposes never approves. Evidential.
CREATE TABLE payments_refund (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  payment_id UUID NOT NULL,
  case_id UUID NOT NULL,
  number TEXT NOT NULL,
  unit TEXT NOT NULL,
  reference TEXT NOT NULL,
  cents BIGINT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  prepared_at TIMESTAMPTZ NOT NULL,
  proposed_by UUID,
  proposed_at TIMESTAMPTZ,
  approved_by UUID,
  approved_at TIMESTAMPTZ,
  decided_at TIMESTAMPTZ,
  rejection TEXT,
  PRIMARY KEY (tenant, id),
  CHECK (approved_by IS NULL OR (proposed_by IS NOT NULL AND approved_by <> proposed_by))
);
CREATE INDEX payments_refund_case ON payments_refund (tenant, case_id);
CREATE INDEX payments_refund_state ON payments_refund (tenant, state, prepared_at);
