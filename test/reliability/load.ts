import { Agent, request } from 'node:http';
import { signWebhook } from '../../src/testing/index.js';
import { TEST_SECRET } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';
import type { Random } from './random.js';

/** How often what is due is posted. */
const TICK_MS = 10;

/** No more requests are under way at once; beyond that, the load waits. */
const MAX_IN_FLIGHT = 300;

/** A request without an answer by then is given up. */
const ANSWER_TIMEOUT_MS = 20_000;

/** What came back for one request: a status with its receipt, or why there is none. */
export interface Answer {
  status: number | undefined;
  receipt: string | undefined;
  error: string | undefined;
}

/** Posts one signed webhook. Never rejects. */
export function post(url: string, id: string, body: unknown, agent: Agent): Promise<Answer> {
  const { headers, body: bytes } = signWebhook({ secret: TEST_SECRET, id, body });
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException) => {
      resolve({ status: undefined, receipt: undefined, error: error.code ?? error.message });
    };
    const sending = request(url, {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': String(bytes.length) },
      timeout: ANSWER_TIMEOUT_MS,
    });
    sending.once('timeout', () => sending.destroy(new Error('no answer in time')));
    sending.once('error', failed);
    sending.once('response', (response) => {
      const receipt = response.headers['postack-receipt'];
      response.once('error', failed).once('end', () => {
        resolve({ status: response.statusCode, receipt: receipt?.toString(), error: undefined });
      });
      response.resume();
    });
    sending.end(bytes);
  });
}

export interface LoadOptions {
  /** Where to post to now; the load picks one for each event, and waits while there is none. */
  targets: () => readonly string[];
  perSecond: number;
  random: Random;
  /** Ids are this and a number. */
  prefix: string;
  /** The text of every event. */
  text?: string;
  /** Customers who take turns. Default 1. */
  conversations?: number;
  /**
   * Whether connections are used again. Default true; with false, none is posted to in the very moment in which the
   * server closes it because it was idle.
   */
  keepAlive?: boolean;
}

/** Posts numbered events at a steady rate, each once, and keeps book about the answers. */
export class Load {
  /** When each was posted, in milliseconds since 1970. */
  readonly posted = new Map<string, number>();
  /** Those answered 2xx. */
  readonly acknowledged: string[] = [];
  /** When each of them was answered, in milliseconds since 1970. */
  readonly acknowledgedAtMs = new Map<string, number>();
  /** How often each status, or error, came back. */
  readonly answers = new Map<string, number>();
  readonly #agent: Agent;
  #timer: NodeJS.Timeout | undefined;
  #inFlight = 0;

  constructor(private readonly options: LoadOptions) {
    this.#agent = new Agent({ keepAlive: options.keepAlive ?? true, maxSockets: 50 });
  }

  start(): this {
    const periodMs = 1000 / this.options.perSecond;
    let dueMs = performance.now();
    this.#timer = setInterval(() => {
      const targets = this.options.targets();
      for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += periodMs) {
        // What could not be posted in time is left out, not made up for.
        if (targets.length === 0 || this.#inFlight >= MAX_IN_FLIGHT) continue;
        void this.#postTo(this.options.random.pick(targets));
      }
    }, TICK_MS);
    return this;
  }

  /** Posts nothing more, and waits for the answers that are still to come. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await waitUntil(() => this.#inFlight === 0 || undefined, {
      what: () => `${this.#inFlight} answers`,
      timeoutMs: ANSWER_TIMEOUT_MS + 5000,
    });
    this.#agent.destroy();
  }

  /** Waits until so many more events have been acknowledged. */
  async acknowledges(more: number, timeoutMs = 60_000): Promise<void> {
    const enough = this.acknowledged.length + more;
    await waitUntil(() => this.acknowledged.length >= enough || undefined, {
      what: () => `${more} more acknowledgements; so far ${JSON.stringify([...this.answers])}`,
      timeoutMs,
    });
  }

  /** How often an answer came, by its status or error. */
  count(answer: string): number {
    return this.answers.get(answer) ?? 0;
  }

  async #postTo(url: string): Promise<void> {
    const number = this.posted.size;
    const id = `${this.options.prefix}${number}`;
    this.posted.set(id, Date.now());
    this.#inFlight += 1;
    const answer = await post(url, id, numberedBody(number, this.options), this.#agent);
    this.#inFlight -= 1;
    const { status, error = String(status) } = answer;
    this.answers.set(error, this.count(error) + 1);
    if (status === undefined || status < 200 || status >= 300) return;
    this.acknowledged.push(id);
    this.acknowledgedAtMs.set(id, Date.now());
  }
}

const TYPES = ['message.received', 'message.queued', 'message.sent', 'message.delivered'];

/** The customer of the conversation that an event belongs to. */
function customerOf(number: number, conversations: number): string {
  return `+1555020${String(1000 + (number % conversations))}`;
}

function numberedBody(number: number, { text = 'Hello', conversations = 1 }: LoadOptions) {
  return {
    type: TYPES[number % TYPES.length],
    timestamp: new Date().toISOString(),
    data: {
      ...{ id: `SM${number}`, number, text },
      ...{ from: customerOf(number, conversations), to: '+15550100002' },
    },
  };
}
