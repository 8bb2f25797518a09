CREATE TABLE postack.alert (
  id uuid NOT NULL,
  kind text NOT NULL,
  key text NOT NULL,
  state text NOT NULL,
  summary text NOT NULL,
  details jsonb NOT NULL,
  occurrences integer NOT NULL DEFAULT 1,
  opened_at timestamp with time zone NOT NULL,
  last_seen_at timestamp with time zone NOT NULL,
  resolved_at timestamp with time zone,
  webhook text NOT NULL
);

CREATE TABLE postack.delivery (
  event_id bigint NOT NULL,
  handler text NOT NULL,
  status text NOT NULL,
  attempts integer NOT NULL,
  first_error jsonb,
  last_error jsonb,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  generation integer NOT NULL DEFAULT 0,
  reason text NOT NULL DEFAULT 'initial'::text,
  replay_id uuid,
  run_at timestamp with time zone,
  order_key text,
  discard_reason text,
  worker uuid,
  interruptions integer NOT NULL DEFAULT 0,
  crashes integer NOT NULL DEFAULT 0,
  suspicion smallint NOT NULL DEFAULT 0,
  occurred_at timestamp with time zone
);

CREATE TABLE postack.delivery_reconciliation (
  id smallint NOT NULL,
  accepted_until timestamp with time zone NOT NULL,
  unanswered_since timestamp with time zone,
  asked integer NOT NULL DEFAULT 0,
  reconciled integer NOT NULL DEFAULT 0,
  expired integer NOT NULL DEFAULT 0
);

CREATE TABLE postack.event_hour (
  hour timestamp with time zone NOT NULL,
  events integer NOT NULL
);

CREATE TABLE postack.event_mapping (
  id integer NOT NULL GENERATED ALWAYS AS IDENTITY,
  fingerprint text NOT NULL,
  options jsonb NOT NULL,
  first_used_at timestamp with time zone NOT NULL DEFAULT now()
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
  kind text,
  mapping_id integer,
  discard_reason text,
  trace_parent text
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
  last_event_at timestamp with time zone NOT NULL,
  own_number_key text,
  country text,
  conversation bigint,
  peer_prefix text,
  delivered_after_ms double precision,
  reports jsonb
);

CREATE TABLE postack.message_failure (
  message_id text NOT NULL,
  state text NOT NULL,
  source text NOT NULL,
  code text,
  cause_class text NOT NULL,
  from_number text,
  to_number text,
  failed_at timestamp with time zone NOT NULL,
  event_id text,
  reactions text[],
  reacted_at timestamp with time zone,
  resend_refusal text,
  acknowledged_at timestamp with time zone,
  acknowledged_reason text
);

CREATE TABLE postack.opt_out (
  peer text NOT NULL,
  own_number text NOT NULL,
  opted_out boolean NOT NULL,
  since timestamp with time zone NOT NULL,
  source text NOT NULL,
  keyword text,
  event_id text,
  reason text,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  received_at timestamp with time zone
);

CREATE TABLE postack.opt_out_evidence (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  peer text NOT NULL,
  own_number text,
  action text NOT NULL,
  source text NOT NULL,
  keyword text,
  endpoint text,
  event_id text,
  reason text,
  occurred_at timestamp with time zone NOT NULL,
  recorded_at timestamp with time zone NOT NULL DEFAULT now(),
  changed boolean NOT NULL,
  resolved_at timestamp with time zone,
  received_at timestamp with time zone
);

CREATE TABLE postack.outbox_message (
  id uuid NOT NULL,
  idempotency_key text NOT NULL,
  category text NOT NULL,
  from_number text NOT NULL,
  to_number text NOT NULL,
  text text NOT NULL,
  encoding text NOT NULL,
  segments integer NOT NULL,
  in_reply_to text,
  time_zone text,
  status text NOT NULL,
  held_reason text,
  held_detail text,
  released_at timestamp with time zone,
  decision_reason text,
  attempts integer NOT NULL DEFAULT 0,
  last_error jsonb,
  message_id text,
  not_before timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  sending_since timestamp with time zone,
  accepted_at timestamp with time zone,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  resend_of text,
  resend_attempt integer NOT NULL DEFAULT 0
);

CREATE TABLE postack.own_number (
  number text NOT NULL,
  first_seen_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE postack.replay (
  id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  endpoint text,
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
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  changed bigint,
  listeners text[],
  mapping_id integer,
  answer_old boolean NOT NULL DEFAULT false
);

CREATE TABLE postack.reply_rule (
  id uuid NOT NULL,
  name text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  priority integer NOT NULL DEFAULT 0,
  own_number text,
  kind text NOT NULL,
  pattern text,
  active_hours jsonb,
  template text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE postack.report_count (
  dimension text NOT NULL,
  bucket timestamp with time zone NOT NULL,
  value text NOT NULL,
  received integer NOT NULL,
  accepted integer NOT NULL,
  queued integer NOT NULL,
  sending integer NOT NULL,
  sent integer NOT NULL,
  expired integer NOT NULL,
  failed integer NOT NULL,
  undelivered integer NOT NULL,
  delivered integer NOT NULL,
  read integer NOT NULL,
  segments_received integer NOT NULL,
  segments_sent integer NOT NULL,
  conversations integer NOT NULL,
  replied integer NOT NULL,
  cost numeric NOT NULL DEFAULT 0,
  unpriced_segments integer NOT NULL DEFAULT 0
);

CREATE TABLE postack.report_duration (
  duration text NOT NULL,
  dimension text NOT NULL,
  bucket timestamp with time zone NOT NULL,
  value text NOT NULL,
  histogram bytea NOT NULL
);

CREATE TABLE postack.report_event (
  bucket timestamp with time zone NOT NULL,
  accepted integer NOT NULL DEFAULT 0,
  quarantined integer NOT NULL DEFAULT 0,
  duplicates integer NOT NULL DEFAULT 0,
  rejected integer NOT NULL DEFAULT 0,
  unavailable integer NOT NULL DEFAULT 0
);

CREATE TABLE postack.report_mark (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,
  at timestamp with time zone NOT NULL,
  conversation bigint
);

CREATE TABLE postack.report_own_number (
  key text NOT NULL,
  number text NOT NULL
);

CREATE TABLE postack.report_state (
  id smallint NOT NULL DEFAULT 1,
  complete_to timestamp with time zone NOT NULL DEFAULT now(),
  quarantined_to timestamp with time zone NOT NULL DEFAULT now(),
  rebuild_at timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE postack.report_window (
  source text NOT NULL,
  start timestamp with time zone NOT NULL,
  seconds integer NOT NULL,
  stale text
);

CREATE TABLE postack.request_rate (
  key character varying(255) NOT NULL,
  next_at timestamp with time zone NOT NULL,
  blocked_until timestamp with time zone
);

CREATE TABLE postack.retention_leftover (
  event_id bigint NOT NULL
);

CREATE TABLE postack.retention_progress (
  step text NOT NULL,
  received_at timestamp with time zone NOT NULL,
  event_id bigint NOT NULL
);

CREATE TABLE postack.silence_watch (
  id smallint NOT NULL,
  watched_at timestamp with time zone NOT NULL,
  watching_since timestamp with time zone NOT NULL
);

CREATE TABLE postack.subscription (
  handler text NOT NULL,
  kind text NOT NULL,
  types text[] NOT NULL,
  ordered text,
  declared_at timestamp with time zone NOT NULL DEFAULT now(),
  reinterprets boolean NOT NULL DEFAULT false,
  endpoint text
);

CREATE TABLE postack.suppression (
  number text NOT NULL,
  since timestamp with time zone NOT NULL,
  expires_at timestamp with time zone,
  source text NOT NULL,
  code text,
  message_id text,
  event_id text,
  reason text,
  removed_at timestamp with time zone,
  removed_reason text
);

CREATE TABLE postack.worker (
  id uuid NOT NULL,
  host text NOT NULL,
  pid integer NOT NULL,
  role text NOT NULL,
  version text NOT NULL,
  handlers text[] NOT NULL,
  connections integer NOT NULL DEFAULT 0,
  started_at timestamp with time zone NOT NULL DEFAULT now(),
  heartbeat_at timestamp with time zone NOT NULL DEFAULT now()
);

ALTER TABLE postack.alert ADD CONSTRAINT alert_kind_check CHECK ((kind = ANY (ARRAY['silence'::text, 'no-receipts'::text, 'failure'::text, 'unrecognized-events'::text])));

ALTER TABLE postack.alert ADD CONSTRAINT alert_pkey PRIMARY KEY (id);

ALTER TABLE postack.alert ADD CONSTRAINT alert_state_check CHECK ((state = ANY (ARRAY['open'::text, 'resolved'::text])));

ALTER TABLE postack.alert ADD CONSTRAINT alert_webhook_check CHECK ((webhook = ANY (ARRAY['off'::text, 'pending'::text, 'delivered'::text, 'failed'::text])));

ALTER TABLE postack.delivery ADD CONSTRAINT delivery_pkey PRIMARY KEY (event_id, handler);

ALTER TABLE postack.delivery ADD CONSTRAINT delivery_reason_check CHECK ((reason = ANY (ARRAY['initial'::text, 'redrive'::text, 'replay'::text, 'backfill'::text, 'reinterpret'::text])));

ALTER TABLE postack.delivery ADD CONSTRAINT delivery_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'retrying'::text, 'done'::text, 'dead'::text, 'discarded'::text])));

ALTER TABLE postack.delivery_reconciliation ADD CONSTRAINT delivery_reconciliation_id_check CHECK ((id = 1));

ALTER TABLE postack.delivery_reconciliation ADD CONSTRAINT delivery_reconciliation_pkey PRIMARY KEY (id);

ALTER TABLE postack.event_hour ADD CONSTRAINT event_hour_pkey PRIMARY KEY (hour);

ALTER TABLE postack.event_mapping ADD CONSTRAINT event_mapping_pkey PRIMARY KEY (id);

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_endpoint_svix_id_key UNIQUE (endpoint, svix_id);

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_pkey PRIMARY KEY (id);

ALTER TABLE postack.inbox_event ADD CONSTRAINT inbox_event_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'dispatched'::text, 'unhandled'::text, 'quarantined'::text])));

ALTER TABLE postack.listener_pause ADD CONSTRAINT listener_pause_pkey PRIMARY KEY (listener);

ALTER TABLE postack.message ADD CONSTRAINT message_direction_check CHECK ((direction = ANY (ARRAY['inbound'::text, 'outbound'::text])));

ALTER TABLE postack.message ADD CONSTRAINT message_pkey PRIMARY KEY (id);

ALTER TABLE postack.message_failure ADD CONSTRAINT message_failure_pkey PRIMARY KEY (message_id);

ALTER TABLE postack.message_failure ADD CONSTRAINT message_failure_source_check CHECK ((source = ANY (ARRAY['event'::text, 'lookup'::text, 'rejection'::text])));

ALTER TABLE postack.message_failure ADD CONSTRAINT message_failure_state_check CHECK ((state = ANY (ARRAY['rejected'::text, 'failed'::text, 'undelivered'::text])));

ALTER TABLE postack.opt_out ADD CONSTRAINT opt_out_pkey PRIMARY KEY (peer, own_number);

ALTER TABLE postack.opt_out ADD CONSTRAINT opt_out_source_check CHECK ((source = ANY (ARRAY['message'::text, 'admin'::text, 'import'::text])));

ALTER TABLE postack.opt_out_evidence ADD CONSTRAINT opt_out_evidence_action_check CHECK ((action = ANY (ARRAY['opt-out'::text, 'opt-in'::text, 'review'::text, 'dismiss'::text])));

ALTER TABLE postack.opt_out_evidence ADD CONSTRAINT opt_out_evidence_pkey PRIMARY KEY (id);

ALTER TABLE postack.opt_out_evidence ADD CONSTRAINT opt_out_evidence_reason_check CHECK (((source <> 'admin'::text) OR (reason IS NOT NULL)));

ALTER TABLE postack.opt_out_evidence ADD CONSTRAINT opt_out_evidence_source_check CHECK ((source = ANY (ARRAY['message'::text, 'admin'::text, 'import'::text])));

ALTER TABLE postack.outbox_message ADD CONSTRAINT outbox_message_category_check CHECK ((category = ANY (ARRAY['reply'::text, 'confirmation'::text, 'notification'::text, 'solicitation'::text])));

ALTER TABLE postack.outbox_message ADD CONSTRAINT outbox_message_pkey PRIMARY KEY (id);

ALTER TABLE postack.outbox_message ADD CONSTRAINT outbox_message_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sending'::text, 'accepted'::text, 'held'::text, 'rejected'::text, 'cancelled'::text])));

ALTER TABLE postack.own_number ADD CONSTRAINT own_number_pkey PRIMARY KEY (number);

ALTER TABLE postack.replay ADD CONSTRAINT replay_kind_check CHECK ((kind = ANY (ARRAY['replay'::text, 'backfill'::text, 'redrive'::text, 'reinterpret'::text])));

ALTER TABLE postack.replay ADD CONSTRAINT replay_pkey PRIMARY KEY (id);

ALTER TABLE postack.replay ADD CONSTRAINT replay_state_check CHECK ((state = ANY (ARRAY['running'::text, 'paused'::text, 'done'::text, 'cancelled'::text])));

ALTER TABLE postack.reply_rule ADD CONSTRAINT reply_rule_kind_check CHECK ((kind = ANY (ARRAY['keyword'::text, 'prefix'::text, 'regex'::text, 'default'::text])));

ALTER TABLE postack.reply_rule ADD CONSTRAINT reply_rule_pattern_check CHECK (((kind = 'default'::text) = (pattern IS NULL)));

ALTER TABLE postack.reply_rule ADD CONSTRAINT reply_rule_pkey PRIMARY KEY (id);

ALTER TABLE postack.report_count ADD CONSTRAINT report_count_pkey PRIMARY KEY (dimension, bucket, value);

ALTER TABLE postack.report_duration ADD CONSTRAINT report_duration_pkey PRIMARY KEY (duration, dimension, bucket, value);

ALTER TABLE postack.report_event ADD CONSTRAINT report_event_pkey PRIMARY KEY (bucket);

ALTER TABLE postack.report_mark ADD CONSTRAINT report_mark_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'message'::text, 'inbound'::text, 'outbound'::text])));

ALTER TABLE postack.report_mark ADD CONSTRAINT report_mark_pkey PRIMARY KEY (id);

ALTER TABLE postack.report_own_number ADD CONSTRAINT report_own_number_pkey PRIMARY KEY (key);

ALTER TABLE postack.report_state ADD CONSTRAINT report_state_id_check CHECK ((id = 1));

ALTER TABLE postack.report_state ADD CONSTRAINT report_state_pkey PRIMARY KEY (id);

ALTER TABLE postack.report_window ADD CONSTRAINT report_window_pkey PRIMARY KEY (source, start);

ALTER TABLE postack.report_window ADD CONSTRAINT report_window_source_check CHECK ((source = ANY (ARRAY['messages'::text, 'events'::text])));

ALTER TABLE postack.report_window ADD CONSTRAINT report_window_stale_check CHECK ((stale = ANY (ARRAY['changed'::text, 'rebuild'::text])));

ALTER TABLE postack.request_rate ADD CONSTRAINT request_rate_pkey PRIMARY KEY (key);

ALTER TABLE postack.retention_leftover ADD CONSTRAINT retention_leftover_pkey PRIMARY KEY (event_id);

ALTER TABLE postack.retention_progress ADD CONSTRAINT retention_progress_pkey PRIMARY KEY (step);

ALTER TABLE postack.retention_progress ADD CONSTRAINT retention_progress_step_check CHECK ((step = ANY (ARRAY['payloads'::text, 'events'::text, 'leftovers'::text])));

ALTER TABLE postack.silence_watch ADD CONSTRAINT silence_watch_id_check CHECK ((id = 1));

ALTER TABLE postack.silence_watch ADD CONSTRAINT silence_watch_pkey PRIMARY KEY (id);

ALTER TABLE postack.subscription ADD CONSTRAINT subscription_kind_check CHECK ((kind = ANY (ARRAY['listener'::text, 'projection'::text])));

ALTER TABLE postack.subscription ADD CONSTRAINT subscription_ordered_check CHECK ((ordered = ANY (ARRAY['conversation'::text, 'message'::text])));

ALTER TABLE postack.subscription ADD CONSTRAINT subscription_pkey PRIMARY KEY (handler);

ALTER TABLE postack.suppression ADD CONSTRAINT suppression_pkey PRIMARY KEY (number);

ALTER TABLE postack.suppression ADD CONSTRAINT suppression_source_check CHECK ((source = ANY (ARRAY['failure'::text, 'admin'::text, 'import'::text])));

ALTER TABLE postack.worker ADD CONSTRAINT worker_pkey PRIMARY KEY (id);

CREATE UNIQUE INDEX alert_open_key ON postack.alert USING btree (kind, key) WHERE (state = 'open'::text);

CREATE INDEX alert_opened_at_idx ON postack.alert USING btree (opened_at, id);

CREATE INDEX delivery_due_idx ON postack.delivery USING btree (handler, run_at, event_id) WHERE ((status = ANY (ARRAY['pending'::text, 'retrying'::text])) AND (suspicion = 0) AND (reason = 'initial'::text));

CREATE INDEX delivery_failed_idx ON postack.delivery USING btree (status, event_id, handler) WHERE (status = ANY (ARRAY['retrying'::text, 'dead'::text]));

CREATE INDEX delivery_group_idx ON postack.delivery USING btree (handler, order_key, occurred_at, event_id) WHERE ((order_key IS NOT NULL) AND (status = ANY (ARRAY['pending'::text, 'running'::text, 'retrying'::text])));

CREATE INDEX delivery_redelivery_due_idx ON postack.delivery USING btree (handler, run_at, event_id) WHERE ((status = ANY (ARRAY['pending'::text, 'retrying'::text])) AND (suspicion = 0) AND (reason <> 'initial'::text));

CREATE UNIQUE INDEX delivery_running_group_key ON postack.delivery USING btree (handler, order_key) WHERE ((order_key IS NOT NULL) AND (status = 'running'::text));

CREATE INDEX delivery_running_idx ON postack.delivery USING btree (worker, handler) WHERE (status = 'running'::text);

CREATE INDEX delivery_suspect_idx ON postack.delivery USING btree (handler, suspicion, crashes, run_at) WHERE ((status = ANY (ARRAY['pending'::text, 'retrying'::text])) AND (suspicion > 0));

CREATE UNIQUE INDEX event_mapping_fingerprint_key ON postack.event_mapping USING btree (fingerprint);

CREATE INDEX inbox_event_pending_idx ON postack.inbox_event USING btree (id) WHERE (status = 'pending'::text);

CREATE INDEX inbox_event_quarantined_idx ON postack.inbox_event USING btree (received_at) WHERE (status = 'quarantined'::text);

CREATE INDEX inbox_event_received_at_idx ON postack.inbox_event USING btree (received_at, id);

CREATE INDEX inbox_event_undecided_idx ON postack.inbox_event USING btree (status) WHERE ((status = ANY (ARRAY['quarantined'::text, 'unhandled'::text])) AND (discard_reason IS NULL));

CREATE INDEX message_conversation_idx ON postack.message USING btree (conversation, direction, first_event_at) WHERE (conversation IS NOT NULL);

CREATE INDEX message_first_event_at_idx ON postack.message USING btree (first_event_at, id);

CREATE INDEX message_last_event_at_idx ON postack.message USING btree (last_event_at, id);

CREATE INDEX message_unfilled_idx ON postack.message USING btree (first_event_at) WHERE (own_number_key IS NULL);

CREATE INDEX message_unsettled_idx ON postack.message USING btree (last_event_at) WHERE (state = ANY (ARRAY['accepted'::text, 'queued'::text, 'sending'::text, 'sent'::text]));

CREATE INDEX message_failure_cause_idx ON postack.message_failure USING btree (cause_class, failed_at, message_id);

CREATE INDEX message_failure_code_idx ON postack.message_failure USING btree (code, failed_at);

CREATE INDEX message_failure_failed_at_idx ON postack.message_failure USING btree (failed_at, message_id);

CREATE INDEX message_failure_number_idx ON postack.message_failure USING btree (to_number, failed_at);

CREATE INDEX message_failure_rejection_idx ON postack.message_failure USING btree (failed_at) WHERE (source = 'rejection'::text);

CREATE INDEX message_failure_unacknowledged_idx ON postack.message_failure USING btree (failed_at, message_id) WHERE (acknowledged_at IS NULL);

CREATE INDEX opt_out_since_idx ON postack.opt_out USING btree (since, peer, own_number);

CREATE UNIQUE INDEX opt_out_evidence_event_key ON postack.opt_out_evidence USING btree (endpoint, event_id, action);

CREATE INDEX opt_out_evidence_open_review_idx ON postack.opt_out_evidence USING btree (peer) WHERE ((action = 'review'::text) AND (resolved_at IS NULL));

CREATE INDEX opt_out_evidence_opt_out_idx ON postack.opt_out_evidence USING btree (occurred_at, peer) WHERE ((action = 'opt-out'::text) AND (source <> 'import'::text));

CREATE INDEX opt_out_evidence_peer_idx ON postack.opt_out_evidence USING btree (peer, id);

CREATE INDEX outbox_message_accepted_at_idx ON postack.outbox_message USING btree (accepted_at) WHERE (accepted_at IS NOT NULL);

CREATE INDEX outbox_message_created_at_idx ON postack.outbox_message USING btree (created_at, id);

CREATE UNIQUE INDEX outbox_message_idempotency_key_key ON postack.outbox_message USING btree (idempotency_key);

CREATE UNIQUE INDEX outbox_message_message_id_key ON postack.outbox_message USING btree (message_id);

CREATE INDEX outbox_message_peer_idx ON postack.outbox_message USING btree (to_number, sending_since);

CREATE INDEX outbox_message_resend_of_idx ON postack.outbox_message USING btree (resend_of) WHERE (resend_of IS NOT NULL);

CREATE INDEX outbox_message_unsettled_idx ON postack.outbox_message USING btree (status, created_at) WHERE (status = ANY (ARRAY['queued'::text, 'sending'::text, 'held'::text]));

CREATE INDEX replay_created_at_idx ON postack.replay USING btree (created_at, id);

CREATE UNIQUE INDEX reply_rule_name_key ON postack.reply_rule USING btree (name);

CREATE INDEX report_window_stale_idx ON postack.report_window USING btree (stale, start) WHERE (stale IS NOT NULL);

CREATE INDEX suppression_message_id_idx ON postack.suppression USING btree (message_id) WHERE ((source = 'failure'::text) AND (removed_at IS NULL));

CREATE INDEX suppression_since_idx ON postack.suppression USING btree (since, number);

CREATE INDEX worker_heartbeat_at_idx ON postack.worker USING btree (heartbeat_at);

CREATE VIEW postack.report_hourly_durations AS
 SELECT date_trunc('hour'::text, d.bucket, 'UTC'::text) AS hour,
    d.duration,
    d.dimension,
    d.value,
    e.bin,
    (
        CASE e.bin
            WHEN 0 THEN (1)::numeric
            ELSE (((2)::numeric * (1.1 ^ (e.bin)::numeric)) / 2.1)
        END)::double precision AS duration_ms,
    sum(e.count) AS count
   FROM postack.report_duration d,
    LATERAL generate_series(0, ((length(d.histogram) / 6) - 1)) entry(entry),
    LATERAL ( SELECT ((get_byte(d.histogram, (entry.entry * 6)) * 256) + get_byte(d.histogram, ((entry.entry * 6) + 1))) AS bin,
            (((((get_byte(d.histogram, ((entry.entry * 6) + 2)))::bigint << 24) + (get_byte(d.histogram, ((entry.entry * 6) + 3)) << 16)) + (get_byte(d.histogram, ((entry.entry * 6) + 4)) << 8)) + get_byte(d.histogram, ((entry.entry * 6) + 5))) AS count) e
  GROUP BY (date_trunc('hour'::text, d.bucket, 'UTC'::text)), d.duration, d.dimension, d.value, e.bin;

CREATE VIEW postack.report_hourly_events AS
 SELECT date_trunc('hour'::text, bucket, 'UTC'::text) AS hour,
    sum(accepted) AS accepted,
    sum(quarantined) AS quarantined,
    sum(duplicates) AS duplicates,
    sum(rejected) AS rejected,
    sum(unavailable) AS unavailable
   FROM postack.report_event
  GROUP BY (date_trunc('hour'::text, bucket, 'UTC'::text));

CREATE VIEW postack.report_hourly_failures AS
 SELECT hour,
    error_code,
    COALESCE(( SELECT message_failure.cause_class
           FROM postack.message_failure
          WHERE (message_failure.code = failures.error_code)
          ORDER BY message_failure.failed_at DESC
         LIMIT 1), 'unknown'::text) AS cause,
    sum(failed) AS failed,
    sum(undelivered) AS undelivered,
    sum(rejected) AS rejected
   FROM ( SELECT date_trunc('hour'::text, report_count.bucket, 'UTC'::text) AS hour,
            report_count.value AS error_code,
            report_count.failed,
            report_count.undelivered,
            0 AS rejected
           FROM postack.report_count
          WHERE (report_count.dimension = 'errorCode'::text)
        UNION ALL
         SELECT date_trunc('hour'::text, message_failure.failed_at, 'UTC'::text) AS date_trunc,
            COALESCE(message_failure.code, 'unknown'::text) AS "coalesce",
            0,
            0,
            1
           FROM postack.message_failure
          WHERE (message_failure.source = 'rejection'::text)) failures
  GROUP BY hour, error_code
 HAVING (sum(((failed + undelivered) + rejected)) > 0);

CREATE VIEW postack.report_hourly_messages AS
 SELECT date_trunc('hour'::text, bucket, 'UTC'::text) AS hour,
    dimension,
    value,
    sum(((((((((accepted + queued) + sending) + sent) + expired) + failed) + undelivered) + delivered) + read)) AS outbound,
    sum(received) AS received,
    sum(accepted) AS accepted,
    sum(queued) AS queued,
    sum(sending) AS sending,
    sum(sent) AS sent,
    sum(expired) AS expired,
    sum(failed) AS failed,
    sum(undelivered) AS undelivered,
    sum(delivered) AS delivered,
    sum(read) AS read,
    sum(segments_received) AS segments_received,
    sum(segments_sent) AS segments_sent,
    sum(conversations) AS conversations,
    sum(replied) AS replied,
    sum(cost) AS cost,
    sum(unpriced_segments) AS unpriced_segments
   FROM postack.report_count
  GROUP BY (date_trunc('hour'::text, bucket, 'UTC'::text)), dimension, value;

CREATE VIEW postack.report_hourly_opt_outs AS
 SELECT date_trunc('hour'::text, occurred_at, 'UTC'::text) AS hour,
    count(DISTINCT peer) AS opt_outs
   FROM postack.opt_out_evidence
  WHERE ((action = 'opt-out'::text) AND (source <> 'import'::text))
  GROUP BY (date_trunc('hour'::text, occurred_at, 'UTC'::text));

CREATE VIEW postack.report_message AS
 SELECT id,
    first_event_at,
    direction,
    state,
    own_number_key AS own_number,
    country,
    segments,
        CASE
            WHEN (state = ANY (ARRAY['failed'::text, 'undelivered'::text])) THEN COALESCE(error_code, 'unknown'::text)
            ELSE NULL::text
        END AS error_code,
    delivered_after_ms,
    ((conversation IS NOT NULL) AND (NOT (EXISTS ( SELECT
           FROM postack.message e
          WHERE ((e.conversation = m.conversation) AND (e.direction = 'inbound'::text) AND (e.first_event_at > (m.first_event_at - '24:00:00'::interval)) AND (e.first_event_at <= m.first_event_at) AND ((e.first_event_at < m.first_event_at) OR ((e.id COLLATE "C") < (m.id COLLATE "C"))))))) AND (NOT (EXISTS ( SELECT
           FROM postack.message e
          WHERE ((e.conversation = m.conversation) AND (e.direction = 'outbound'::text) AND (e.first_event_at > (m.first_event_at - '24:00:00'::interval)) AND (e.first_event_at <= m.first_event_at) AND ((e.first_event_at < m.first_event_at) OR ((e.id COLLATE "C") < (m.id COLLATE "C")))))))) AS opens_conversation,
        CASE
            WHEN (direction = 'inbound'::text) THEN ( SELECT ((EXTRACT(epoch FROM (r.first_event_at - m.first_event_at)) * (1000)::numeric))::double precision AS float8
               FROM postack.message r
              WHERE ((r.conversation = m.conversation) AND (r.direction = 'outbound'::text) AND (r.first_event_at >= m.first_event_at) AND (r.first_event_at <= (m.first_event_at + '24:00:00'::interval)) AND ((r.first_event_at > m.first_event_at) OR ((m.id COLLATE "C") < (r.id COLLATE "C"))))
              ORDER BY r.first_event_at
             LIMIT 1)
            ELSE NULL::double precision
        END AS replied_after_ms
   FROM postack.message m;
