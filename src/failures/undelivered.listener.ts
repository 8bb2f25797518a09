import { Injectable, Logger } from '@nestjs/common';
import { MessageFailedEvent } from '../events/message-failed.event.js';
import { MessageUndeliveredEvent } from '../events/message-undelivered.event.js';
import { OnPostackEvent } from '../listeners/on-postack-event.decorator.js';
import { maskPhoneNumber } from '../events/phone-number.js';

/** Logs one warning for each message that did not arrive. */
@Injectable()
export class UndeliveredListener {
  readonly #logger = new Logger('PostackFailures');

  @OnPostackEvent([MessageUndeliveredEvent, MessageFailedEvent], { name: 'failures.warn' })
  onUndelivered(event: MessageUndeliveredEvent | MessageFailedEvent): void {
    const what = event instanceof MessageFailedEvent ? 'was not sent' : 'was not delivered';
    this.#logger.warn(
      `Message ${event.messageId ?? '(no id)'} to ${maskPhoneNumber(event.to)} ${what}: ` +
        `error code ${event.errorCode ?? '(none given)'} (event ${event.id})`,
    );
  }
}
