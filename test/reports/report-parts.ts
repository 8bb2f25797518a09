import type { DataSource } from 'typeorm';
import { KNOWN_EVENTS } from '../../src/events/event-types.js';
import { MessageStore } from '../../src/messages/message-store.js';
import { MessagesProjection } from '../../src/messages/messages.projection.js';
import { ReportsOptions } from '../../src/reports/reports.options.js';
import { MessageReports } from '../../src/reports/rollups/message-reports.js';
import type { ToldEvent } from './history.js';

/** The event that a listener would get. */
export function eventOf({ id, type, at, errorCode, ...told }: ToldEvent) {
  const eventClass = KNOWN_EVENTS.find((known) => known.type === type)!;
  const envelope = { id, endpoint: 'default', wireType: type, payload: {} };
  return new eventClass(
    { ...envelope, occurredAt: new Date(at), receivedAt: new Date(at + 1000) },
    { ...told, text: 'secret text', status: null, errorCode, errorMessage: null },
  );
}

/** The store of messages with its rollups, as one process has them. */
export function storeOf(reports = true): MessageStore {
  const store = new MessageStore();
  new MessageReports(new ReportsOptions({ reports }), store).onModuleInit();
  return store;
}

/** The projection of messages with its rollups. */
export function projectionOf(dataSource: DataSource, reports = true) {
  const messages = new MessagesProjection(storeOf(reports));
  /** One batch, in one transaction. */
  return (events: readonly ToldEvent[]) =>
    dataSource.transaction((manager) => messages.project(events.map(eventOf), manager));
}

/** Everything that reports are made of. */
export const REPORT_TABLES = ['count', 'duration', 'event', 'own_number'].map(
  (name) => `postack.report_${name}`,
);
