import { Check, Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';

/**
 * Processing state of a stored event.
 *
 * - `pending`: committed, not dispatched yet
 * - `dispatched`: projected, with a delivery for each of its listeners
 * - `unhandled`: dispatched, but no projection or listener is subscribed to its type; kept until an operator decides
 * - `quarantined`: authentic bytes that are not an event; kept until an operator decides
 */
export type InboxStatus = 'pending' | 'dispatched' | 'unhandled' | 'quarantined';

/** One event as received: the inbox is both the record of received events and the queue for dispatching them. */
@Entity({ name: 'inbox_event', schema: 'postack' })
@Unique('inbox_event_endpoint_svix_id_key', ['endpoint', 'svixId'])
@Index('inbox_event_pending_idx', ['id'], { where: `status = 'pending'` })
@Index('inbox_event_received_at_idx', ['receivedAt', 'id'])
@Index('inbox_event_quarantined_idx', ['receivedAt'], { where: `status = 'quarantined'` })
@Index('inbox_event_undecided_idx', ['status'], {
  where: `status IN ('quarantined', 'unhandled') AND discard_reason IS NULL`,
})
@Check('inbox_event_status_check', `status IN ('pending', 'dispatched', 'unhandled', 'quarantined')`)
export class InboxEventEntity {
  /** Ascending in insertion order. A bigint, so a string in JavaScript. */
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'inbox_event_pkey',
  })
  id!: string;

  /** Name of the endpoint that received it. */
  @Column('text')
  endpoint!: string;

  /** The `svix-id` header: unique for each endpoint. */
  @Column('text', { name: 'svix_id' })
  svixId!: string;

  /** The type as Postack wrote it; empty if it wrote none; `null` when quarantined. */
  @Column('text', { nullable: true })
  type!: string | null;

  @Column('text')
  status!: InboxStatus;

  /** The payload's timestamp; when it has none, the signed timestamp. Never later than `receivedAt`. */
  @Column('timestamptz', { name: 'occurred_at' })
  occurredAt!: Date;

  @Column('timestamptz', { name: 'received_at', default: () => 'now()' })
  receivedAt!: Date;

  /** The bytes exactly as received and signed; `null` once retention has removed them. */
  @Column('bytea', { nullable: true })
  body!: Buffer | null;

  /** The secret that verified its signature: the first 8 hex digits of the key's SHA-256. */
  @Column('text', { name: 'secret_fingerprint' })
  secretFingerprint!: string;

  /** Our clock minus the signed timestamp, on receipt. */
  @Column('integer', { name: 'clock_skew_ms' })
  clockSkewMs!: number;

  /** Why it is quarantined. */
  @Column('text', { name: 'quarantine_reason', nullable: true })
  quarantineReason!: string | null;

  @Column('timestamptz', { name: 'dispatched_at', nullable: true })
  dispatchedAt!: Date | null;

  /** What it was taken for when it was dispatched: the type of its event class. `null` before. */
  @Column('text', { nullable: true })
  kind!: string | null;

  /** `EventMappingEntity.id` of the mapping it was read with when it was dispatched. `null`: the default one. */
  @Column('integer', { name: 'mapping_id', nullable: true })
  mappingId!: number | null;

  /** As given by the operator who decided that a quarantined or unhandled event is not needed. */
  @Column('text', { name: 'discard_reason', nullable: true })
  discardReason!: string | null;

  /** The span of the request that brought it, as in the header `traceparent`; `null` without OpenTelemetry. */
  @Column('text', { name: 'trace_parent', nullable: true })
  traceParent!: string | null;

  /** Names of the projections that ran when it was dispatched. */
  @Column('text', { array: true, nullable: true })
  projections!: string[] | null;
}
