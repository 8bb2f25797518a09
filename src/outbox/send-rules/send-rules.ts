import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { maskPhoneNumber } from '../../events/phone-number.js';
import { OptOutLedger } from '../../opt-outs/opt-out-ledger.js';
import { isAnswer, RECIPIENT, type HeldReason, type SendBlock } from '../outbox-message.js';
import type { OutboxMessageEntity } from '../outbox-message.entity.js';
import type { SuppressionEntity } from '../../suppressions/suppression.entity.js';
import { Suppressions } from '../../suppressions/suppressions.js';
import { LoopGuard } from './loop-guard.js';
import { OwnNumbers } from '../../messages/own-numbers.js';
import { quietUntil } from './quiet-hours.js';
import { hasCertainlyFailed } from '../../messages/has-certainly-failed.js';
import { OutboxOptions } from '../outbox.options.js';

/** The columns of a message that the send rules look at. */
export type SendCandidate = Pick<
  OutboxMessageEntity,
  'id' | 'category' | 'from' | 'to' | 'text' | 'timeZone' | 'releasedAt' | 'resendOf'
>;

/** The rules that every message has to pass before it is sent. */
@Injectable()
export class SendRules {
  constructor(
    private readonly options: OutboxOptions,
    private readonly ownNumbers: OwnNumbers,
    private readonly ledger: OptOutLedger,
    private readonly loopGuard: LoopGuard,
    private readonly suppressions: Suppressions,
  ) {}

  /**
   * Checks the send rules. Call it right before each request, in the transaction that marks the message as being sent.
   * The first rule that applies decides:
   *
   * 1. an answer to a sender that is no number, such as a name, is cancelled
   * 2. a resend of a message that may have been delivered after all is cancelled
   * 3. own numbers get no replies and no confirmations
   * 4. a recipient who has opted out gets only the one confirmation
   * 5. a suppressed number gets only such a confirmation
   * 6. a recipient with an open opt-out review gets no solicitations
   * 7. solicitations are deferred until the recipient's quiet hours end
   * 8. replies and confirmations have limits for each recipient; only this rule yields when an operator releases the
   *    message
   *
   * @returns the block; `null` when the message may be sent now.
   */
  async check(
    message: SendCandidate,
    manager: EntityManager,
    now: Date = new Date(),
  ): Promise<SendBlock | null> {
    const { from, to, category, resendOf } = message;
    if (!RECIPIENT.test(to)) {
      return { kind: 'cancel', detail: `${maskPhoneNumber(to)} is a sender's name, which cannot be sent to` };
    }
    if (resendOf !== null && !(await hasCertainlyFailed(resendOf, manager))) {
      return {
        kind: 'cancel',
        detail: `Message ${resendOf}, which this one resends, may have been delivered`,
      };
    }
    const peer = maskPhoneNumber(to);
    if (isAnswer(category) && (await this.ownNumbers.isOwn(to, manager))) {
      return hold(
        'own-number',
        `${peer} is one of your own numbers, which are never answered. Cancel the message`,
      );
    }
    if (category !== 'confirmation' && (await this.ledger.isOptedOut(to, from, manager))) {
      return hold(
        'opted-out',
        `${peer} has opted out. Cancel the message, or release it after the recipient has opted in again`,
      );
    }
    const suppression = category !== 'confirmation' && (await this.suppressions.find(to, manager));
    if (suppression) return hold('suppressed', suppressedDetail(peer, suppression));
    if (category === 'solicitation') {
      if (await this.ledger.hasOpenReview(to, manager)) {
        const detail = `${peer} may have asked to opt out. Resolve the opt-out review, then release or cancel the message`;
        return hold('opt-out-review', detail);
      }
      const deferral = this.#checkQuietHours(message, now);
      if (deferral) return deferral;
    }
    return message.releasedAt === null ? this.loopGuard.check(message, manager, now) : null;
  }

  #checkQuietHours({ to, timeZone }: SendCandidate, now: Date): SendBlock | null {
    const { from, to: end } = this.options.quietHours;
    const until = quietUntil({ to, timeZone, now, from, until: end });
    if (!until) return null;
    const detail = `Quiet hours of ${maskPhoneNumber(to)}, ${from} to ${end} local time (replies.quietHours)`;
    return { kind: 'defer', until, detail };
  }
}

function suppressedDetail(peer: string, { code, expiresAt }: SuppressionEntity): string {
  const until = expiresAt ? ` until ${expiresAt.toISOString()}` : '';
  const cause = code === null ? '' : `: a message failed with the code ${code}`;
  return `${peer} is suppressed${until}${cause}. Cancel the message, or remove the suppression and release it`;
}

function hold(reason: HeldReason, detail: string): SendBlock {
  return { kind: 'hold', reason, detail };
}
