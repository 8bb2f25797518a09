import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/**
 * What was said, or decided, about writing to somebody.
 *
 * - `opt-out`, `opt-in`
 * - `review`: free wording that may be an opt-out, for a person to read
 * - `dismiss`: a person has read it, and it was none
 */
export type OptOutAction = 'opt-out' | 'opt-in' | 'review' | 'dismiss';

/** Where it comes from: a customer's message, a person at the admin API, or an imported list. */
export type OptOutSource = 'message' | 'admin' | 'import';

/** One entry of the ledger of opt-outs. Entries are only ever added; of a review, `resolvedAt` is filled in. */
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
  /** In the order of recording. A bigint, so a string in JavaScript. */
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'opt_out_evidence_pkey',
  })
  id!: string;

  /** Whose it is: E.164, a short code or a sender name. */
  @Column('text')
  peer!: string;

  /** The own number that it is about; `null` for all of them. */
  @Column('text', { name: 'own_number', nullable: true })
  ownNumber!: string | null;

  @Column('text')
  action!: OptOutAction;

  @Column('text')
  source!: OptOutSource;

  /** The keyword of a message; of a review the words that gave rise to it. Never the whole message. */
  @Column('text', { nullable: true })
  keyword!: string | null;

  /** Endpoint of the event. */
  @Column('text', { nullable: true })
  endpoint!: string | null;

  /** The `svix-id` of the event. */
  @Column('text', { name: 'event_id', nullable: true })
  eventId!: string | null;

  /** In the words of whoever decided. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { name: 'occurred_at' })
  occurredAt!: Date;

  @Column('timestamptz', { name: 'recorded_at', default: () => 'now()' })
  recordedAt!: Date;

  /** Whether it changed, when it was recorded, what may be sent. The one confirmation hangs on it. */
  @Column('boolean')
  changed!: boolean;

  /** Of a review: when a person decided. */
  @Column('timestamptz', { name: 'resolved_at', nullable: true })
  resolvedAt!: Date | null;
}
