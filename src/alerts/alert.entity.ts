import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { JsonObject } from '../events/json.js';
import type { AlertKind, AlertState, AlertWebhookState } from './alert.js';

/** A problem that needs an operator: one row from its first to its last occurrence. */
@Entity({ name: 'alert', schema: 'postack' })
@Index('alert_open_key', ['kind', 'key'], { unique: true, where: `state = 'open'` })
@Index('alert_opened_at_idx', ['openedAt', 'id'])
@Check('alert_kind_check', `kind IN ('silence', 'no-receipts', 'failure', 'unrecognized-events')`)
@Check('alert_state_check', `state IN ('open', 'resolved')`)
@Check('alert_webhook_check', `webhook IN ('off', 'pending', 'delivered', 'failed')`)
export class AlertEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'alert_pkey' })
  id!: string;

  @Column('text')
  kind!: AlertKind;

  /** Distinguishes alerts of one kind, for example the error code. At most one alert of a kind and key is open. */
  @Column('text')
  key!: string;

  @Column('text')
  state!: AlertState;

  /** What is wrong and what to do about it. */
  @Column('text')
  summary!: string;

  /** Of the last occurrence. Contains no texts or phone numbers. */
  @Column('jsonb')
  details!: JsonObject;

  @Column('integer', { default: 1 })
  occurrences!: number;

  @Column('timestamptz', { name: 'opened_at' })
  openedAt!: Date;

  @Column('timestamptz', { name: 'last_seen_at' })
  lastSeenAt!: Date;

  @Column('timestamptz', { name: 'resolved_at', nullable: true })
  resolvedAt!: Date | null;

  /** Delivery of the webhook that reports the current `state`. */
  @Column('text')
  webhook!: AlertWebhookState;
}
