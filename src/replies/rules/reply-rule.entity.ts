import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ActiveHours } from './active-hours.js';
import type { ReplyRuleKind } from './reply-rule.js';

/** A stored rule that answers customers' messages. */
@Entity({ name: 'reply_rule', schema: 'postack' })
@Index('reply_rule_name_key', ['name'], { unique: true })
@Check('reply_rule_kind_check', `kind IN ('keyword', 'prefix', 'regex', 'default')`)
@Check('reply_rule_pattern_check', `(kind = 'default') = (pattern IS NULL)`)
export class ReplyRuleEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'reply_rule_pkey' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('boolean', { default: true })
  enabled!: boolean;

  /** Rules of higher priority are evaluated first; default rules after all others. */
  @Column('integer', { default: 0 })
  priority!: number;

  /** The own number that the message was sent to, in E.164 if possible; `null`: any. */
  @Column('text', { name: 'own_number', nullable: true })
  ownNumber!: string | null;

  @Column('text')
  kind!: ReplyRuleKind;

  /** `null` for the kind `default`, and only for that. */
  @Column('text', { nullable: true })
  pattern!: string | null;

  /** `null`: always active. */
  @Column('jsonb', { name: 'active_hours', nullable: true })
  activeHours!: ActiveHours | null;

  @Column('text')
  template!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
