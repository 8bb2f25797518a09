import { EventEmitter, once } from 'node:events';
import { NothingReceivedError } from './simulator-errors.js';

/** An SMS in a customer's inbox. */
export interface ReceivedSms {
  /** Of the message, `SM…`. */
  readonly messageId: string;
  readonly from: string;
  readonly text: string;
}

/** An SMS that a customer has sent. */
export interface SentSms {
  /** Of the message, `SM…`. */
  readonly messageId: string;
  /** Of the event that tells of it, `msg_…`. */
  readonly eventId: string;
}

/** What a customer answers to an SMS; nothing when it is `undefined`. */
export type AutoReply = (sms: ReceivedSms) => string | undefined | Promise<string | undefined>;

/** What a customer's phone needs of the network. */
export interface CustomerNetwork {
  /** Sends an SMS; resolves once each endpoint has been told for the first time. */
  send(from: string, to: string, text: string): Promise<SentSms>;
  /** Starts work that nobody waits for. */
  start(work: () => Promise<unknown>): void;
}

/** A person with a phone, who texts with your numbers. */
export class Customer {
  readonly #inbox: ReceivedSms[] = [];
  readonly #arrivals = new EventEmitter<{ sms: [] }>().setMaxListeners(0);
  readonly #replies = new Set<AutoReply>();

  constructor(
    /** E.164. */
    readonly number: string,
    private readonly network: CustomerNetwork,
  ) {}

  /** Every SMS that has been delivered to the phone, oldest first. */
  get inbox(): readonly ReceivedSms[] {
    return this.#inbox;
  }

  /**
   * Sends an SMS: every endpoint gets a `message.received`. Resolves after the first attempt at each endpoint,
   * whether it has been taken or not; retries go on in the background.
   *
   * @param to One of your numbers.
   * @throws {SimulatorStoppedError}
   */
  text(to: string, text: string): Promise<SentSms> {
    return this.network.send(this.number, to, text);
  }

  /**
   * Waits for an SMS that fits, and returns the first one; it may have arrived before.
   *
   * @param fits Default: any SMS does.
   * @throws {NothingReceivedError} after `timeoutMs`, default 10,000 (10 s).
   */
  async receives(
    fits: (sms: ReceivedSms) => boolean = () => true,
    { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
  ): Promise<ReceivedSms> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const found = this.#inbox.find(fits);
      if (found) return found;
      await once(this.#arrivals, 'sms', { signal }).catch(() => {
        throw new NothingReceivedError(timeoutMs, this.#inbox.length);
      });
    }
  }

  /**
   * Answers every SMS from now on, to whoever has sent it. Two such automatons that answer each other go on for ever.
   * When `reply` throws, `LocalPostack.settled` does so too.
   *
   * @returns A function that ends it.
   */
  autoReply(reply: AutoReply): () => void {
    // Another function each time, so that one may be registered twice and ended once.
    const own: AutoReply = (sms) => reply(sms);
    this.#replies.add(own);
    return () => {
      this.#replies.delete(own);
    };
  }

  /** The network hands over an SMS. */
  accept(sms: ReceivedSms): void {
    this.#inbox.push(sms);
    this.#arrivals.emit('sms');
    for (const reply of this.#replies) {
      this.network.start(async () => {
        const answer = await reply(sms);
        if (answer !== undefined) await this.text(sms.from, answer);
      });
    }
  }
}
