import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Outbox } from '../outbox/outbox.js';
import { OutboxQueries, type OutboxMessage } from '../outbox/outbox-queries.js';
import { ReplyRules } from '../replies/rules/reply-rules.js';
import { type Customer, type LocalPostack, MAGIC_NUMBERS } from '../simulator/index.js';
import type { DemoScreen } from './demo-screen.js';
import { DEMO_RULES } from './demo-rules.js';

/** The number that the customers write to. */
const OUR_NUMBER = '+15550100000';

const NOT_SENT: ReadonlySet<string> = new Set(['held', 'rejected', 'cancelled']);
const FINAL: ReadonlySet<string> = new Set([...NOT_SENT, 'delivered', 'undelivered', 'failed']);

/** States of a message that has left the queue. */
const LEFT_QUEUE: ReadonlySet<string> = new Set([...FINAL, 'accepted', 'sent']);

/** Time limit of each wait. */
const WAIT_MS = 20_000;
const POLL_MS = 50;

/**
 * Customers write, rules answer, receipts arrive; a customer opts out; an auto-responder runs into the loop guard.
 * Resolves when all messages have reached their final state.
 */
export async function playStory(
  postack: LocalPostack,
  application: INestApplicationContext,
  screen: DemoScreen,
): Promise<void> {
  const outbox = application.get(Outbox);
  const story = new Story(postack, application.get(OutboxQueries), screen);
  await ensureRules(application.get(ReplyRules));

  // New numbers each time, without reply budgets or opt-outs from an earlier run.
  const [anna, ben, carl, robot] = newNumbers(4).map((number) => postack.customer(number));
  if (!anna || !ben || !carl || !robot) return;

  screen.print('', 'Customers write, and rules answer:', '');
  await story.write('Anna', anna, 'What are your opening hours?');
  await story.write('Ben', ben, 'order 4711');
  await story.write('Dora', postack.customer(MAGIC_NUMBERS.unreachable.number), 'Hello?');

  screen.print('', 'Carl sends STOP. He gets one confirmation, and nothing afterwards:', '');
  await story.write('Carl', carl, 'Stop.');
  const notification = await outbox.enqueue({
    from: OUR_NUMBER,
    to: carl.number,
    text: 'Carl, your order has been shipped.',
    category: 'notification',
    idempotencyKey: randomUUID(),
  });
  await story.outcome('Carl', notification.id);

  screen.print('', 'A robot answers every message, and so do we, until the loop guard holds a reply:', '');
  robot.autoReply(({ text }) => `I got: ${text}`);
  await story.converse('Robot', robot, 'Beep');
}

async function ensureRules(rules: ReplyRules): Promise<void> {
  const known = new Set((await rules.list()).map(({ name }) => name));
  for (const rule of DEMO_RULES) if (!known.has(rule.name)) await rules.create(rule);
}

function newNumbers(count: number): string[] {
  const first = Math.floor(Math.random() * 9_000_000);
  return Array.from({ length: count }, (_, index) => `+1555${String(first + index).padStart(7, '0')}`);
}

/** Plays conversations and shows their messages. */
class Story {
  constructor(
    private readonly postack: LocalPostack,
    private readonly outbox: OutboxQueries,
    private readonly screen: DemoScreen,
  ) {}

  /** A customer writes: shows the message, the reply and its outcome. */
  async write(name: string, customer: Customer, text: string): Promise<void> {
    this.screen.show(name, '→', 'us', text);
    const { eventId } = await customer.text(OUR_NUMBER, text);
    const { id } = await this.#find(customer.number, ({ inReplyTo }) => inReplyTo === eventId);
    await this.outcome(name, id);
  }

  /** The same with a customer who answers every reply, until a reply is held. */
  async converse(name: string, customer: Customer, text: string): Promise<void> {
    this.screen.show(name, '→', 'us', text);
    await customer.text(OUR_NUMBER, text);
    const shown = new Set<string>();
    for (let end = ''; end !== 'held';) {
      const { id } = await this.#find(customer.number, (message) => !shown.has(message.id));
      shown.add(id);
      end = await this.outcome(name, id);
    }
  }

  /** Shows an outbound message and its outcome. @returns the outcome. */
  async outcome(name: string, id: string): Promise<string> {
    const reached = (states: ReadonlySet<string>) =>
      this.#wait(async () => {
        const message = await this.outbox.find(id);
        return message && states.has(message.state) ? message : undefined;
      });
    const { state, text } = await reached(LEFT_QUEUE);
    if (!NOT_SENT.has(state)) this.screen.show('us', '→', name, text);
    const end = await reached(FINAL);
    this.#showEnd(name, end);
    return end.state;
  }

  #showEnd(name: string, { text, state, errorCode, heldReason, lastError }: OutboxMessage): void {
    if (state === 'held') this.screen.show('us', '‖', name, `held (${heldReason ?? ''}): ${text}`);
    else if (state === 'delivered') this.screen.show('', '✓', name, 'delivered');
    else
      this.screen.show('', '✗', name, `${state}, error code ${errorCode ?? lastError?.apiCode ?? '(none)'}`);
  }

  /** Waits for the oldest matching message to a number. */
  #find(to: string, fits: (message: OutboxMessage) => boolean): Promise<OutboxMessage> {
    return this.#wait(async () => (await this.outbox.list({ to, limit: 100 })).items.reverse().find(fits));
  }

  async #wait<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline) {
        throw new Error(
          `No progress on a message within ${WAIT_MS / 1000} s. Last requests to the local Postack: ` +
            JSON.stringify(this.postack.requests.slice(-5)),
        );
      }
      await sleep(POLL_MS);
    }
  }
}
