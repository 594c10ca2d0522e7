-- A message (Nachricht): a document, a notice or a question to the applicant, or their reply. Guests have no account;
-- they see it on the page of their case.
CREATE TABLE postbox_message (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  account_id UUID,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  document_id UUID,
  instance UUID,
  token BIGINT,
  answers UUID,
  at TIMESTAMPTZ NOT NULL,
  read_at TIMESTAMPTZ,
  closed_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX postbox_message_account ON postbox_message (tenant, account_id, at);
CREATE INDEX postbox_message_case ON postbox_message (tenant, case_id, at);
-- Documents that came with a reply.
CREATE TABLE postbox_attachment (
  tenant BIGINT NOT NULL,
  message_id UUID NOT NULL,
  position BIGINT NOT NULL,
  document_id UUID NOT NULL,
  PRIMARY KEY (tenant, message_id, position),
  FOREIGN KEY (tenant, message_id) REFERENCES postbox_message (tenant, id)
);
-- That something was delivered (Bekanntgabe): on which way, when, when it was read or posted. One per process step.
CREATE TABLE postbox_delivery (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  instance UUID NOT NULL,
  token BIGINT NOT NULL,
  channel TEXT NOT NULL,
  subject TEXT NOT NULL,
  document_id UUID,
  delivered_at TIMESTAMPTZ NOT NULL,
  read_at TIMESTAMPTZ,
  posted_at TIMESTAMPTZ,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, instance, token)
);
CREATE INDEX postbox_delivery_case ON postbox_delivery (tenant, case_id, delivered_at);
-- A letter on the print stack (Postausgang): making, waiting, printed, posted. The id is that of its delivery.
CREATE TABLE postbox_letter (
  tenant BIGINT NOT NULL,
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  cls BIGINT NOT NULL,
  document_id UUID,
  state TEXT NOT NULL,
  batch UUID,
  created_at TIMESTAMPTZ NOT NULL,
  printed_at TIMESTAMPTZ,
  printed_by UUID,
  posted_at TIMESTAMPTZ,
  posted_by UUID,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX postbox_letter_state ON postbox_letter (tenant, state, created_at);
CREATE INDEX postbox_letter_case ON postbox_letter (tenant, case_id);
