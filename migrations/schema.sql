CREATE TABLE postack.handler_outcome (
  event_id bigint NOT NULL,
  handler text NOT NULL,
  status text NOT NULL,
  attempts integer NOT NULL,
  first_failure jsonb,
  last_failure jsonb,
  job_id uuid,
  updated_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE postack.inbox_event (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  endpoint text NOT NULL,
  svix_id text NOT NULL,
  type text,
  status text NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  received_at timestamp with time zone NOT NULL DEFAULT now(),
  body bytea NOT NULL,
  secret_fingerprint text NOT NULL,
  clock_skew_ms integer NOT NULL,
  quarantine_reason text,
  dispatched_at timestamp with time zone,
  projections text[],
  listeners text[]
);

CREATE TABLE postack.message (
  id text NOT NULL,
  direction text NOT NULL,
  state text NOT NULL,
  state_at timestamp with time zone NOT NULL,
  error_code text,
  conflict boolean NOT NULL,
  from_number text,
  to_number text,
  text text,
  segments integer,
  history jsonb NOT NULL,
  first_event_at timestamp with time zone NOT NULL,
  last_event_at timestamp with time zone NOT NULL
);

ALTER TABLE postack.handler_outcome ADD CONSTRAINT handler_outcome_event_id_fkey FOREIGN KEY (event_id) REFERENCES postack.inbox_event(id) ON DELETE CASCADE;

ALTER TABLE postack.handler_outcome ADD CONSTRAINT handler_outcome_pkey PRIMARY KEY (event_id, handler);

ALTER TABLE postack.handler_outcome ADD CONSTRAINT handler_outcome_status_check CHECK ((status = ANY (ARRAY['done'::text, 'failing'::text, 'dead'::text])));

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_endpoint_svix_id_key UNIQUE (endpoint, svix_id);

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_pkey PRIMARY KEY (id);

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'dispatched'::text, 'unhandled'::text, 'quarantined'::text])));

ALTER TABLE postack.message ADD CONSTRAINT message_direction_check CHECK ((direction = ANY (ARRAY['inbound'::text, 'outbound'::text])));

ALTER TABLE postack.message ADD CONSTRAINT message_pkey PRIMARY KEY (id);

CREATE INDEX handler_outcome_unsettled_idx ON postack.handler_outcome USING btree (status, event_id) WHERE (status <> 'done'::text);

CREATE INDEX inbox_event_pending_idx ON postack.inbox_event USING btree (id) WHERE (status = 'pending'::text);

CREATE INDEX inbox_event_received_at_idx ON postack.inbox_event USING btree (received_at, id);

CREATE INDEX message_last_event_at_idx ON postack.message USING btree (last_event_at, id);
