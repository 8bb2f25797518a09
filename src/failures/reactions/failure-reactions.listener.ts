import { Injectable } from '@nestjs/common';
import type { TransactionalListenerContext } from '../../listeners/listener-context.js';
import { MessageFailedEvent } from '../../events/message-failed.event.js';
import { MessageUndeliveredEvent } from '../../events/message-undelivered.event.js';
import { OnPostackEvent } from '../../listeners/on-postack-event.decorator.js';
import { FAILURE_REACTIONS_LISTENER } from '../failures.options.js';
import { FailureReactions } from './failure-reactions.js';

/** Reacts to each message that did not arrive, exactly once. */
@Injectable()
export class FailureReactionsListener {
  constructor(private readonly reactions: FailureReactions) {}

  @OnPostackEvent([MessageUndeliveredEvent, MessageFailedEvent], {
    name: FAILURE_REACTIONS_LISTENER,
    transactional: true,
  })
  async onFailure(
    { messageId }: MessageUndeliveredEvent | MessageFailedEvent,
    { manager }: TransactionalListenerContext,
  ): Promise<void> {
    // Without a message id there is nothing to react to: the projections dead-letter the event.
    if (messageId !== null) await this.reactions.react(messageId, manager);
  }
}
