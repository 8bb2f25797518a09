import type { DataSource } from 'typeorm';
import { KNOWN_EVENTS } from '../../src/events/event-types.js';
import { MessageStore } from '../../src/messages/message-store.js';
import { MessagesProjection } from '../../src/messages/messages.projection.js';
import { ReportsOptions } from '../../src/reports/reports.options.js';
import { MessageReports } from '../../src/reports/rollups/message-reports.js';
import type { HistoryEvent } from './history.js';

/** The event as a listener receives it. */
export function eventOf({ id, type, at, errorCode, ...data }: HistoryEvent) {
  const eventClass = KNOWN_EVENTS.find((known) => known.type === type)!;
  const envelope = { id, endpoint: 'default', wireType: type, payload: {} };
  return new eventClass(
    { ...envelope, occurredAt: new Date(at), receivedAt: new Date(at + 1000) },
    { ...data, text: 'secret text', status: null, errorCode, errorMessage: null },
  );
}

/** A message store that maintains the rollups, like that of one process. */
export function storeOf(reports = true): MessageStore {
  const store = new MessageStore();
  new MessageReports(new ReportsOptions({ reports }), store).onModuleInit();
  return store;
}

/** The projection of messages, with the rollups. */
export function projectionOf(dataSource: DataSource, reports = true) {
  const messages = new MessagesProjection(storeOf(reports));
  /** Projects one batch in one transaction. */
  return (events: readonly HistoryEvent[]) =>
    dataSource.transaction((manager) => messages.project(events.map(eventOf), manager));
}

/** The rollup tables. */
export const REPORT_TABLES = ['count', 'duration', 'event', 'own_number'].map(
  (name) => `postack.report_${name}`,
);
