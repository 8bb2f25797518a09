import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { JsonObject } from '../events/json.js';
import type { AlertKind, AlertState, AlertWebhookState } from './alert.js';

/** Something that a person should look into: one row from its beginning to its end, however often it is noticed. */
@Entity({ name: 'alert', schema: 'postack' })
@Index('alert_open_key', ['kind', 'key'], { unique: true, where: `state = 'open'` })
@Index('alert_opened_at_idx', ['openedAt', 'id'])
@Check('alert_kind_check', `kind IN ('silence', 'no-receipts', 'failure')`)
@Check('alert_state_check', `state IN ('open', 'resolved')`)
@Check('alert_webhook_check', `webhook IN ('off', 'pending', 'delivered', 'failed')`)
export class AlertEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'alert_pkey' })
  id!: string;

  @Column('text')
  kind!: AlertKind;

  /** What of this kind: the code of failures, for example. At most one alert of a kind and key is open. */
  @Column('text')
  key!: string;

  @Column('text')
  state!: AlertState;

  /** A sentence, with what a person can do. */
  @Column('text')
  summary!: string;

  /** As noticed last: without texts and phone numbers. */
  @Column('jsonb')
  details!: JsonObject;

  /** How often it has been noticed. */
  @Column('integer', { default: 1 })
  occurrences!: number;

  @Column('timestamptz', { name: 'opened_at' })
  openedAt!: Date;

  @Column('timestamptz', { name: 'last_seen_at' })
  lastSeenAt!: Date;

  @Column('timestamptz', { name: 'resolved_at', nullable: true })
  resolvedAt!: Date | null;

  /** What became of the webhook that tells of its present state. */
  @Column('text')
  webhook!: AlertWebhookState;
}
