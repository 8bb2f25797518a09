import { Entity, Index, PrimaryColumn } from 'typeorm';

const KEY = 'conversation_entry_pkey';

/** The position of a message in its conversation: finds its neighbours with an index lookup. */
@Entity({ name: 'conversation_entry', schema: 'postack' })
// For rebuilds, which remove entries without a message.
@Index('conversation_entry_at_idx', ['at'])
export class ConversationEntryEntity {
  /** `conversationOf` the two numbers. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: KEY })
  conversation!: string;

  /** Time of the first event of the message. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: KEY })
  at!: Date;

  @PrimaryColumn('text', { name: 'message_id', primaryKeyConstraintName: KEY })
  messageId!: string;

  /** Part of the key for index-only scans. */
  @PrimaryColumn('boolean', { name: 'is_inbound', primaryKeyConstraintName: KEY })
  isInbound!: boolean;
}
