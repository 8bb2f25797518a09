import { EventEmitter, once } from 'node:events';
import { NothingReceivedError } from './simulator-errors.js';

/** An SMS in a customer's inbox. */
export interface ReceivedSms {
  /** Id of the message, `SM…`. */
  readonly messageId: string;
  readonly from: string;
  readonly text: string;
}

/** An SMS that a customer has sent. */
export interface SentSms {
  /** Id of the message, `SM…`. */
  readonly messageId: string;
  /** Of its `message.received` event, `msg_…`. */
  readonly eventId: string;
}

/** Returns a customer's reply to an SMS; `undefined` for none. */
export type AutoReply = (sms: ReceivedSms) => string | undefined | Promise<string | undefined>;

/** The network of a customer's phone. */
export interface CustomerNetwork {
  /** Sends an SMS; resolves after the first delivery attempt to each endpoint. */
  send(from: string, to: string, text: string): Promise<SentSms>;
  /** Runs work in the background. */
  start(work: () => Promise<unknown>): void;
}

/** A person with a phone, who exchanges SMS with your numbers. */
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
   * Sends an SMS: every endpoint gets a `message.received`. Resolves after the first attempt at each endpoint, whether
   * or not it succeeded; retries continue in the background.
   *
   * @param to One of your numbers.
   * @throws {SimulatorStoppedError}
   */
  text(to: string, text: string): Promise<SentSms> {
    return this.network.send(this.number, to, text);
  }

  /**
   * Waits for a matching SMS, and returns the first one, which may have arrived earlier.
   *
   * @param fits Default: any SMS.
   * @param options.timeoutMs Default 10,000 (10 s).
   * @throws {NothingReceivedError} after `timeoutMs`.
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
   * Replies to the sender of every SMS from now on. Two auto-responders that reply to each other never stop. If `reply`
   * throws, `LocalPostack.settled` rejects.
   *
   * @returns a function that ends it.
   */
  autoReply(reply: AutoReply): () => void {
    // A new function each time, so that the same one can be registered twice and ended once.
    const own: AutoReply = (sms) => reply(sms);
    this.#replies.add(own);
    return () => {
      this.#replies.delete(own);
    };
  }

  /** Called by the network with an SMS for this customer. */
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
