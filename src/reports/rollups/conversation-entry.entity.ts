import { Entity, Index, PrimaryColumn } from 'typeorm';

const KEY = 'conversation_entry_pkey';

/** A message in the line of its conversation, so that its neighbours are found at once. */
@Entity({ name: 'conversation_entry', schema: 'postack' })
// For a rebuild, which looks for places that no message has any more.
@Index('conversation_entry_at_idx', ['at'])
export class ConversationEntryEntity {
  /** `conversationOf` its two numbers. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: KEY })
  conversation!: string;

  /** When its first event happened. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: KEY })
  at!: Date;

  @PrimaryColumn('text', { name: 'message_id', primaryKeyConstraintName: KEY })
  messageId!: string;

  /** Part of the key so that the index alone tells. */
  @PrimaryColumn('boolean', { name: 'is_inbound', primaryKeyConstraintName: KEY })
  isInbound!: boolean;
}
