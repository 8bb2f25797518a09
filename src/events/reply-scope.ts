import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityManager } from 'typeorm';
import type { MessageEvent } from './message-event.js';

/** Injection token of the `ReplySink`. */
export const REPLY_SINK = Symbol('nestjs-postack:reply-sink');

/** A reply of a listener, on its way to the outbox. */
export interface Reply {
  event: MessageEvent;
  text: string;
  /** The same each time the listener gives this reply. */
  idempotencyKey: string;
  /** Of the listener's own transaction, if it has one. */
  manager: EntityManager | undefined;
  /** Whether the event is too old to be answered. */
  isTooLate: boolean;
}

/** Result of a reply. */
export interface ReplyReceipt {
  /** Of the outbound message: `GET /api/v1/outbox/:id`. */
  id: string;
  /** The listener gave this reply before, in an earlier attempt; nothing new is sent. */
  isDuplicate: boolean;
}

/** Takes replies. */
export interface ReplySink {
  reply(reply: Reply): Promise<ReplyReceipt>;
}

/** `reply()` was called outside a listener. */
export class ReplyOutsideListenerError extends Error {
  readonly code = 'POSTACK_REPLY_OUTSIDE_LISTENER';
  override readonly name = 'ReplyOutsideListenerError';

  constructor(eventId: string) {
    super(
      `reply() to event ${eventId} was called outside a listener (a method with @OnPostackEvent), or after it had ` +
        'finished: await it inside the listener; anywhere else, inject Outbox and use enqueue()',
    );
  }
}

const scopes = new AsyncLocalStorage<ReplyScope>();

/** One call of a listener: where its replies go, and the keys by which a retry gives the same replies. */
export class ReplyScope {
  readonly #counts = new Map<string, number>();
  #isOver = false;

  constructor(
    private readonly listener: string,
    private readonly sink: ReplySink,
    private readonly isTooLate: (event: MessageEvent) => boolean,
    private readonly manager?: EntityManager,
  ) {}

  /** The scope that the caller runs in. @throws {ReplyOutsideListenerError} when there is none. */
  static current(eventId: string): ReplyScope {
    const scope = scopes.getStore();
    if (!scope || scope.#isOver) throw new ReplyOutsideListenerError(eventId);
    return scope;
  }

  /** Calls a listener. Its replies belong to this scope until it has settled. */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await scopes.run(this, call);
    } finally {
      this.#isOver = true;
    }
  }

  /** @param key Distinguishes several replies to one event; by default their order does. */
  reply(event: MessageEvent, text: string, key?: string): Promise<ReplyReceipt> {
    const { listener, sink, manager } = this;
    const count = (this.#counts.get(event.id) ?? 0) + 1;
    this.#counts.set(event.id, count);
    const idempotencyKey = `${event.idempotencyKey(listener)}:${key ?? count}`;
    return sink.reply({ event, text, idempotencyKey, manager, isTooLate: this.isTooLate(event) });
  }
}
