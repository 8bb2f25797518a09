import { Controller } from '@nestjs/common';
import { Inbox, type Receipt } from '../inbox/inbox.js';
import { rawBodyOf } from './raw-body.js';
import { verifiedSignatureOf } from './svix-signature.guard.js';

/**
 * Ingestion: hands a verified webhook to the inbox. `WebhookRoute` binds it to `POST <path>`, with the guard
 * before it; it has no Nest route of its own, so that nothing of the host stands between Postack and the inbox.
 */
@Controller()
export class WebhookController {
  constructor(private readonly inbox: Inbox) {}

  /** Resolves once the event is committed, or was already. */
  receive(request: object): Promise<Receipt> {
    return this.inbox.accept(verifiedSignatureOf(request), rawBodyOf(request));
  }
}
