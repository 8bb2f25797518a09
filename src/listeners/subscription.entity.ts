import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import type { Ordering } from './order-key.js';

/**
 * What a listener or projection subscribes to, written at boot by each process that has it. Whichever process dispatches
 * an event, it is delivered to all that subscribe here.
 */
@Entity({ name: 'subscription', schema: 'postack' })
@Check('subscription_kind_check', `kind IN ('listener', 'projection')`)
@Check('subscription_ordered_check', `ordered IN ('conversation', 'message')`)
export class SubscriptionEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'subscription_pkey' })
  handler!: string;

  @Column('text')
  kind!: 'listener' | 'projection';

  /** Names of event types; `*` for all. */
  @Column('text', { array: true })
  types!: string[];

  /** Only events of this endpoint; `null` for all. */
  @Column('text', { nullable: true })
  endpoint!: string | null;

  /** For an ordered listener: what forms a message group. */
  @Column('text', { nullable: true })
  ordered!: Ordering | null;

  /** For a projection: whether it takes part when stored events are read again with another mapping. */
  @Column('boolean', { default: false })
  reinterprets!: boolean;

  /** The last time that a running process had it, to the minute. */
  @Column('timestamptz', { name: 'declared_at', default: () => 'now()' })
  declaredAt!: Date;
}
