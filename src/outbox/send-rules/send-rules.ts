import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { maskPhoneNumber } from '../../events/phone-number.js';
import { OptOutLedger } from '../../opt-outs/opt-out-ledger.js';
import type { HeldReason, SendBlock } from '../outbox-message.js';
import type { OutboxMessageEntity } from '../outbox-message.entity.js';
import type { SuppressionEntity } from '../../suppressions/suppression.entity.js';
import { Suppressions } from '../../suppressions/suppressions.js';
import { LoopGuard } from './loop-guard.js';
import { OwnNumbers } from '../../messages/own-numbers.js';
import { quietUntil } from './quiet-hours.js';
import { hasCertainlyFailed } from '../../messages/has-certainly-failed.js';
import { OutboxOptions } from '../outbox.options.js';

/** What of a message decides whether it may be sent. */
export type SendCandidate = Pick<
  OutboxMessageEntity,
  'id' | 'category' | 'from' | 'to' | 'text' | 'timeZone' | 'releasedAt' | 'resendOf'
>;

/** Everything that may keep a message from being sent, in one place. */
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
   * What keeps a message from being sent at this moment; `null` when nothing does. To be asked right before it is sent,
   * in the transaction that marks it as being sent. In this order:
   *
   * 1. what repeats a message that has arrived after all is not sent
   * 2. own numbers get no replies and no confirmations
   * 3. who has opted out gets nothing but the one confirmation of it
   * 4. numbers at which nothing arrives get nothing but such confirmations
   * 5. who may have opted out gets no solicitations until a person has decided
   * 6. solicitations wait for the recipient's morning
   * 7. replies and confirmations have budgets, unless a person has released the message: the only rule that yields
   */
  async block(
    message: SendCandidate,
    manager: EntityManager,
    now: Date = new Date(),
  ): Promise<SendBlock | null> {
    const { from, to, category, resendOf } = message;
    if (resendOf !== null && !(await hasCertainlyFailed(resendOf, manager))) {
      return { kind: 'cancel', detail: `Message ${resendOf}, which it repeats, may have arrived after all` };
    }
    const peer = maskPhoneNumber(to);
    const isAnswer = category === 'reply' || category === 'confirmation';
    if (isAnswer && (await this.ownNumbers.isOwn(to, manager))) {
      return hold('own-number', `${peer} is one of our own numbers, which are never answered. Cancel it`);
    }
    if (category !== 'confirmation' && (await this.ledger.isOptedOut(to, from, manager))) {
      return hold(
        'opted-out',
        `${peer} has opted out. Cancel it, or release it once they have opted in again`,
      );
    }
    const suppression = category !== 'confirmation' && (await this.suppressions.find(to, manager));
    if (suppression) return hold('suppressed', suppressedDetail(peer, suppression));
    if (category === 'solicitation') {
      if (await this.ledger.hasOpenReview(to, manager)) {
        const detail = `${peer} may have asked not to be written to. Resolve the opt-out review, then release or cancel it`;
        return hold('opt-out-review', detail);
      }
      const wait = this.#quiet(message, now);
      if (wait) return wait;
    }
    return message.releasedAt === null ? this.loopGuard.check(message, manager, now) : null;
  }

  #quiet({ to, timeZone }: SendCandidate, now: Date): SendBlock | null {
    const { from, to: end } = this.options.quietHours;
    const until = quietUntil({ to, timeZone, now, from, until: end });
    if (!until) return null;
    const detail = `Quiet hours where ${maskPhoneNumber(to)} may be, ${from} to ${end} (replies.quietHours)`;
    return { kind: 'wait', until, detail };
  }
}

function suppressedDetail(peer: string, { code, expiresAt }: SuppressionEntity): string {
  const why = code === null ? 'is suppressed' : `is suppressed: a message failed with the code ${code}`;
  const until = expiresAt ? `, until ${expiresAt.toISOString()}` : '';
  return `${peer} ${why}${until}. Cancel it, or remove the suppression and release it`;
}

function hold(reason: HeldReason, detail: string): SendBlock {
  return { kind: 'hold', reason, detail };
}
