// Compiled, never run: test/types.test.ts fails when this file has a type error, which includes a
// "@ts-expect-error" above a line that has none.
import type { EntityManager } from 'typeorm';
import {
  type AnyPostackEvent,
  type BatchListenerContext,
  type BatchResult,
  type ListenerContext,
  MessageDeliveredEvent,
  MessageEvent,
  MessageReceivedEvent,
  MessageSentEvent,
  OnPostackEvent,
  PostackEvent,
  PostackProjection,
  type TransactionalListenerContext,
  UnknownPostackEvent,
} from '../../src/index.js';

export class Right {
  @OnPostackEvent(MessageReceivedEvent)
  one(_event: MessageReceivedEvent): void {}

  @OnPostackEvent(MessageReceivedEvent)
  async withContext(
    event: MessageReceivedEvent,
    { signal, attempt, listener }: ListenerContext,
  ): Promise<void> {
    const type: 'message.received' = event.type;
    await Promise.resolve([signal.aborted, attempt + 1, listener, type, event.text?.length]);
  }

  @OnPostackEvent(MessageReceivedEvent)
  wider(_event: MessageEvent): void {}

  @OnPostackEvent(MessageReceivedEvent)
  nothing(): void {}

  @OnPostackEvent('message.sent')
  byName(_event: MessageSentEvent): void {}

  @OnPostackEvent([MessageSentEvent, MessageDeliveredEvent])
  several(event: MessageSentEvent | MessageDeliveredEvent): string {
    return event.type === 'message.sent' ? event.type : event.messageId!;
  }

  @OnPostackEvent('*')
  all(event: AnyPostackEvent): string | null {
    return event instanceof UnknownPostackEvent ? event.wireType : event.messageId;
  }

  @OnPostackEvent('number.released')
  unknownByName(_event: UnknownPostackEvent): void {}

  @OnPostackEvent(UnknownPostackEvent, { name: 'unknown', concurrency: 2, retry: { attempts: 3 } })
  unknown(_event: PostackEvent): void {}

  @OnPostackEvent(MessageReceivedEvent, { transactional: true, ordered: 'conversation' })
  async transactional(_event: MessageReceivedEvent, context: TransactionalListenerContext): Promise<void> {
    await context.manager.query('SELECT 1', [context.attempt, context.reason, context.replayId]);
  }

  @OnPostackEvent([MessageSentEvent, MessageReceivedEvent], { batch: { maxSize: 10 } })
  batch(
    events: readonly (MessageSentEvent | MessageReceivedEvent)[],
    { deliveries }: BatchListenerContext,
  ): Promise<BatchResult> {
    return Promise.allSettled(
      events.map((event, index) => Promise.resolve([event.text, deliveries[index]?.attempt])),
    );
  }

  @OnPostackEvent(MessageReceivedEvent, { batch: false })
  notABatch(_event: MessageReceivedEvent): void {}

  @PostackProjection([MessageSentEvent, MessageReceivedEvent])
  async project(
    _events: readonly (MessageSentEvent | MessageReceivedEvent)[],
    manager: EntityManager,
  ): Promise<void> {
    await manager.query('SELECT 1');
  }
}

export class Wrong {
  // @ts-expect-error another event's class
  @OnPostackEvent(MessageReceivedEvent)
  otherEvent(_event: MessageSentEvent): void {}

  // @ts-expect-error not all of the subscribed types
  @OnPostackEvent([MessageSentEvent, MessageDeliveredEvent])
  tooNarrow(_event: MessageSentEvent): void {}

  // @ts-expect-error '*' brings unknown events too
  @OnPostackEvent('*')
  notEverything(_event: MessageEvent): void {}

  // @ts-expect-error a mistyped name is an unknown type
  @OnPostackEvent('message.recieved')
  mistyped(_event: MessageReceivedEvent): void {}

  // @ts-expect-error no such second argument
  @OnPostackEvent(MessageReceivedEvent)
  secondArgument(_event: MessageReceivedEvent, _manager: EntityManager): void {}

  // @ts-expect-error not an event
  @OnPostackEvent(Date)
  notAnEvent(_event: Date): void {}

  // @ts-expect-error no such option
  @OnPostackEvent(MessageReceivedEvent, { retries: 3 })
  option(_event: MessageReceivedEvent): void {}

  // @ts-expect-error a batch is an array
  @OnPostackEvent(MessageReceivedEvent, { batch: true })
  batchOfOne(_event: MessageReceivedEvent): void {}

  // @ts-expect-error only with "batch"
  @OnPostackEvent(MessageReceivedEvent)
  arrayWithoutBatch(_events: readonly MessageReceivedEvent[]): void {}

  // @ts-expect-error only with "transactional"
  @OnPostackEvent(MessageReceivedEvent)
  managerWithoutTransaction(_event: MessageReceivedEvent, _context: TransactionalListenerContext): void {}

  // @ts-expect-error no such order
  @OnPostackEvent(MessageReceivedEvent, { ordered: 'time' })
  order(_event: MessageReceivedEvent): void {}

  // @ts-expect-error a projection gets batches
  @PostackProjection(MessageSentEvent)
  async single(_event: MessageSentEvent): Promise<void> {}

  // @ts-expect-error a projection must be awaited
  @PostackProjection(MessageSentEvent)
  notAsync(_events: readonly MessageSentEvent[]): void {}

  // @ts-expect-error decorates methods
  @OnPostackEvent(MessageReceivedEvent)
  readonly property = 1;
}
