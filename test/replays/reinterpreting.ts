import { Injectable } from '@nestjs/common';
import {
  type ListenerContext,
  type MessageReceivedEvent,
  OnPostackEvent,
  type PostackModuleOptions,
  type ReinterpretRequest,
  Replays,
} from '../../src/index.js';
import { OptOutLedger } from '../../src/replies/index.js';
import { startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

export const OWN = '+15550105000';
export const [FIRST, SECOND, THIRD] = ['+15550107001', '+15550107002', '+15550107003'];

/** With the defaults, the first is of an unknown type, the second has no text, the third no type. */
export const BODIES = {
  first: { type: 'sms.inbound', data: { id: 'L1', from: FIRST, to: OWN, text: 'STOP' } },
  second: { type: 'message.received', data: { id: 'L2', from: SECOND, to: OWN, message: 'STOP' } },
  third: { event: 'message.received', data: { id: 'L3', from: THIRD, to: OWN, text: 'STOP' } },
};

export const MAPPING = {
  eventTypes: { 'sms.inbound': 'message.received' as const },
  payload: { type: ['type', 'event'], text: ['text', 'message'] },
};

@Injectable()
export class Crm {
  readonly calls: string[] = [];

  @OnPostackEvent('message.received', { name: 'crm' })
  onReceived({ id, text }: MessageReceivedEvent, { reason }: ListenerContext): void {
    this.calls.push(`${id} ${text ?? ''} ${reason}`);
  }
}

/** Runs it to its end. */
export async function reinterpret({ application }: TestApplication, request: ReinterpretRequest = {}) {
  const replays = application.get(Replays);
  const receipt = await replays.reinterpret({ ratePerSecond: 1000, ...request });
  const { replayId } = receipt;
  if (replayId !== null) {
    await waitUntil(async () => (await replays.find(replayId))?.state === 'done' || undefined, {
      what: () => 'the reinterpretation is done',
    });
  }
  return { ...receipt, replay: replayId === null ? null : await replays.find(replayId) };
}

export const optedOut = async ({ application }: TestApplication) =>
  (await application.get(OptOutLedger).list()).items.map(({ peer }) => peer).sort();

/** Applications on one database each: the mapping changes between two of them. */
export class Restarts {
  readonly #close: (() => Promise<void>)[] = [];

  async close(): Promise<void> {
    for (const close of this.#close.reverse()) await close();
  }

  /**
   * Receives bodies with the defaults. Resolves to an application with other options on the same database.
   *
   * @param setup.agedBy How long ago the bodies came in: an interval of PostgreSQL.
   */
  async restarted(
    bodies: readonly object[],
    options: Partial<PostackModuleOptions>,
    setup: { providers?: (new (...args: never[]) => object)[]; agedBy?: string } = {},
  ): Promise<{ app: TestApplication; database: TestDatabase; ids: string[] }> {
    const { providers = [], agedBy = '0' } = setup;
    const database = await createTestDatabase();
    this.#close.push(() => database.drop());
    const before = await startTestApplication({ database, providers });
    const ids: string[] = [];
    for (const body of bodies) ids.push((await before.post(body)).id);
    await allDispatched(database);
    await before.close();
    await database.query(
      `UPDATE postack.inbox_event SET occurred_at = occurred_at - $1::interval, received_at = received_at - $1::interval`,
      [agedBy],
    );
    const app = await startTestApplication({ database, providers, options });
    this.#close.push(() => app.close());
    return { app, database, ids };
  }
}

/** Waits until each event is dispatched, and each listener has been called. */
export async function allDispatched(database: TestDatabase): Promise<void> {
  const isDone = async () => {
    const [row] = await database.query<{ open: string }>(
      `SELECT (SELECT count(*) FROM postack.inbox_event WHERE status = 'pending')
         + (SELECT count(*) FROM postack.delivery WHERE status IN ('pending', 'running')) AS open`,
    );
    return Number(row?.open) === 0 || undefined;
  };
  await waitUntil(isDone, { what: () => 'all is dispatched' });
}
