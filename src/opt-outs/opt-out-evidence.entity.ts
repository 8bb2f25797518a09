import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/**
 * What a customer said, or an operator decided.
 *
 * - `opt-out`, `opt-in`
 * - `review`: free wording that may be an opt-out; an operator has to decide
 * - `dismiss`: an operator decided that a review was not an opt-out
 */
export type OptOutAction = 'opt-out' | 'opt-in' | 'review' | 'dismiss';

/** Origin of an entry: a customer's message, an operator's decision, or an imported list. */
export type OptOutSource = 'message' | 'admin' | 'import';

/** One entry of the opt-out ledger. Append-only, except for `resolvedAt` of reviews. */
@Entity({ name: 'opt_out_evidence', schema: 'postack' })
@Index('opt_out_evidence_event_key', ['endpoint', 'eventId', 'action'], { unique: true })
@Index('opt_out_evidence_peer_idx', ['peer', 'id'])
@Index('opt_out_evidence_open_review_idx', ['peer'], { where: `action = 'review' AND resolved_at IS NULL` })
@Index('opt_out_evidence_opt_out_idx', ['occurredAt', 'peer'], {
  where: `action = 'opt-out' AND source <> 'import'`,
})
@Check('opt_out_evidence_action_check', `action IN ('opt-out', 'opt-in', 'review', 'dismiss')`)
@Check('opt_out_evidence_source_check', `source IN ('message', 'admin', 'import')`)
@Check('opt_out_evidence_reason_check', `source <> 'admin' OR reason IS NOT NULL`)
export class OptOutEvidenceEntity {
  /** Ascending in the order of recording. A bigint, so a string in JavaScript. */
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'opt_out_evidence_pkey',
  })
  id!: string;

  /** The customer's number: E.164, a short code or a sender name. */
  @Column('text')
  peer!: string;

  /** The own number that the entry applies to; `null`: all own numbers. */
  @Column('text', { name: 'own_number', nullable: true })
  ownNumber!: string | null;

  @Column('text')
  action!: OptOutAction;

  @Column('text')
  source!: OptOutSource;

  /** The keyword of the message; for a review, the words that caused it. Never the whole message. */
  @Column('text', { nullable: true })
  keyword!: string | null;

  /** The endpoint that received the event. */
  @Column('text', { nullable: true })
  endpoint!: string | null;

  /** The `svix-id` of the event. */
  @Column('text', { name: 'event_id', nullable: true })
  eventId!: string | null;

  /** As given by the operator, or in the imported list. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'occurred_at' })
  occurredAt!: Date;

  /** When the event was received; `null` without one, and for entries from before this was recorded. */
  @Column('timestamptz', { name: 'received_at', nullable: true })
  receivedAt!: Date | null;

  @Column('timestamptz', { name: 'recorded_at', default: () => 'now()' })
  recordedAt!: Date;

  /** Whether the entry changed what may be sent when it was recorded. Only such an opt-out is confirmed. */
  @Column('boolean')
  changed!: boolean;

  /** When a review was resolved; `null` while it is open, and for other actions. */
  @Column('timestamptz', { name: 'resolved_at', nullable: true })
  resolvedAt!: Date | null;
}
