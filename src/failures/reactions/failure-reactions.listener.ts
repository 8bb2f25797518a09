import { Injectable } from '@nestjs/common';
import { MessageFailedEvent } from '../../events/message-failed.event.js';
import { MessageUndeliveredEvent } from '../../events/message-undelivered.event.js';
import { OnPostackEvent } from '../../listeners/on-postack-event.decorator.js';
import { FAILURE_REACTIONS_LISTENER } from '../failures.options.js';
import { FailureReactions } from './failure-reactions.js';

/** Failures of the same moment share the statements of their reactions. */
const CONCURRENCY = 50;

/** Reacts to each message that did not arrive, once. */
@Injectable()
export class FailureReactionsListener {
  constructor(private readonly reactions: FailureReactions) {}

  @OnPostackEvent([MessageUndeliveredEvent, MessageFailedEvent], {
    name: FAILURE_REACTIONS_LISTENER,
    concurrency: CONCURRENCY,
  })
  async onFailure({ messageId, errorCode }: MessageUndeliveredEvent | MessageFailedEvent): Promise<void> {
    // Without a message id there is nothing to react to: the projections dead-letter the event.
    if (messageId === null || this.reactions.reactsNeverTo(errorCode)) return;
    await this.reactions.react(messageId);
  }
}
