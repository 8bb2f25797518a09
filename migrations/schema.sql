CREATE TABLE postack.handler_outcome (
  event_id bigint NOT NULL,
  handler text NOT NULL,
  status text NOT NULL,
  attempts integer NOT NULL,
  first_failure jsonb,
  last_failure jsonb,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  delivery integer NOT NULL DEFAULT 0,
  reason text NOT NULL DEFAULT 'first'::text,
  replay_id uuid,
  next_attempt_at timestamp with time zone,
  order_key text,
  discard_reason text
);

CREATE TABLE postack.inbox_event (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  endpoint text NOT NULL,
  svix_id text NOT NULL,
  type text,
  status text NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  received_at timestamp with time zone NOT NULL DEFAULT now(),
  body bytea,
  secret_fingerprint text NOT NULL,
  clock_skew_ms integer NOT NULL,
  quarantine_reason text,
  dispatched_at timestamp with time zone,
  projections text[],
  listeners text[]
);

CREATE TABLE postack.listener_pause (
  listener text NOT NULL,
  reason text,
  paused_at timestamp with time zone NOT NULL DEFAULT now()
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

CREATE TABLE postack.replay (
  id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  endpoint text NOT NULL,
  listener text,
  type text,
  status text,
  since timestamp with time zone,
  until timestamp with time zone,
  rate_per_second integer NOT NULL,
  last_event_id bigint NOT NULL,
  "position" bigint NOT NULL DEFAULT 0,
  matched bigint NOT NULL,
  scheduled bigint NOT NULL DEFAULT 0,
  error text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE postack.retention_leftover (
  event_id bigint NOT NULL
);

CREATE TABLE postack.retention_progress (
  step text NOT NULL,
  received_at timestamp with time zone NOT NULL,
  event_id bigint NOT NULL
);

ALTER TABLE postack.handler_outcome ADD CONSTRAINT handler_outcome_pkey PRIMARY KEY (event_id, handler);

ALTER TABLE postack.handler_outcome ADD CONSTRAINT handler_outcome_reason_check CHECK ((reason = ANY (ARRAY['first'::text, 'redrive'::text, 'replay'::text, 'backfill'::text])));

ALTER TABLE postack.handler_outcome ADD CONSTRAINT handler_outcome_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'done'::text, 'failing'::text, 'dead'::text, 'discarded'::text])));

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_endpoint_svix_id_key UNIQUE (endpoint, svix_id);

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_pkey PRIMARY KEY (id);

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'dispatched'::text, 'unhandled'::text, 'quarantined'::text])));

ALTER TABLE postack.listener_pause ADD CONSTRAINT listener_pause_pkey PRIMARY KEY (listener);

ALTER TABLE postack.message ADD CONSTRAINT message_direction_check CHECK ((direction = ANY (ARRAY['inbound'::text, 'outbound'::text])));

ALTER TABLE postack.message ADD CONSTRAINT message_pkey PRIMARY KEY (id);

ALTER TABLE postack.replay ADD CONSTRAINT replay_kind_check CHECK ((kind = ANY (ARRAY['replay'::text, 'backfill'::text, 'redrive'::text])));

ALTER TABLE postack.replay ADD CONSTRAINT replay_pkey PRIMARY KEY (id);

ALTER TABLE postack.replay ADD CONSTRAINT replay_state_check CHECK ((state = ANY (ARRAY['running'::text, 'paused'::text, 'done'::text, 'cancelled'::text])));

ALTER TABLE postack.retention_leftover ADD CONSTRAINT retention_leftover_pkey PRIMARY KEY (event_id);

ALTER TABLE postack.retention_progress ADD CONSTRAINT retention_progress_pkey PRIMARY KEY (step);

ALTER TABLE postack.retention_progress ADD CONSTRAINT retention_progress_step_check CHECK ((step = ANY (ARRAY['bodies'::text, 'ids'::text, 'leftovers'::text])));

CREATE INDEX handler_outcome_order_idx ON postack.handler_outcome USING btree (handler, order_key) WHERE ((order_key IS NOT NULL) AND (status = ANY (ARRAY['pending'::text, 'failing'::text])));

CREATE INDEX handler_outcome_unsettled_idx ON postack.handler_outcome USING btree (status, event_id) WHERE (status <> 'done'::text);

CREATE INDEX inbox_event_pending_idx ON postack.inbox_event USING btree (id) WHERE (status = 'pending'::text);

CREATE INDEX inbox_event_received_at_idx ON postack.inbox_event USING btree (received_at, id);

CREATE INDEX message_last_event_at_idx ON postack.message USING btree (last_event_at, id);

CREATE INDEX replay_created_at_idx ON postack.replay USING btree (created_at, id);
