import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { PgBossService } from './pg-boss.service.js';

/** PostgreSQL channel of the notifications between processes. */
const CHANNEL = 'postack_inbox';

/** PostgreSQL refuses payloads of 8,000 bytes and more. */
const MAX_PAYLOAD_BYTES = 7900;

/**
 * A change that other processes should react to.
 *
 * - `inbox`: events were stored and are not dispatched yet
 * - `deliveries`: the queues of these handlers have new jobs; `*` stands for all handlers
 * - `pauses`: a listener was paused or resumed
 */
export type Notification =
  { kind: 'inbox' } | { kind: 'deliveries'; handlers: readonly string[] } | { kind: 'pauses' };

/** Interval of looking for changes where notifications do not arrive. */
const POLL_MS = 1000;

const ANYTHING: readonly Notification[] = [
  { kind: 'inbox' },
  { kind: 'deliveries', handlers: ['*'] },
  { kind: 'pauses' },
];

/** The same as it is sent: `sender` is the process that ignores it, if any. */
type Payload = Notification & { sender?: string };

/** SQL that sends the notification `inbox` at the commit. */
export const NOTIFY_INBOX = `pg_notify('${CHANNEL}', '${JSON.stringify({ kind: 'inbox' })}')`;

/** Notifications between the processes on one database, sent when a transaction commits. Owns the NOTIFY channel. */
@Injectable()
export class Notifications {
  readonly #process = randomUUID().slice(0, 8);

  constructor(private readonly jobs: PgBossService) {}

  /**
   * Announces new jobs of handlers.
   *
   * @param options.elsewhereOnly For a caller that wakes the workers of this process itself. Default `false`.
   */
  async deliveries(
    handlers: readonly string[],
    manager: EntityManager,
    { elsewhereOnly = false }: { elsewhereOnly?: boolean } = {},
  ): Promise<void> {
    const sender = elsewhereOnly ? { sender: this.#process } : {};
    const payload = { kind: 'deliveries', handlers, ...sender } as const;
    const isTooLong = Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES;
    await notify(isTooLong ? { ...payload, handlers: ['*'] } : payload, manager);
  }

  /** Announces that a listener was paused or resumed. */
  async pauses(manager: EntityManager): Promise<void> {
    await notify({ kind: 'pauses' }, manager);
  }

  /** Calls `observer` for each notification, and with `inbox` when notifications may have been missed. */
  async subscribe(observer: (notification: Notification) => void): Promise<{ close(): Promise<void> }> {
    if (!this.jobs.canListen) return pollInstead(observer);
    return this.jobs.listen(CHANNEL, (text) => {
      const { sender, ...notification } = parse(text);
      if (sender !== this.#process) observer(notification);
    });
  }
}

/** Without LISTEN, anything may have changed. */
function pollInstead(observer: (notification: Notification) => void): { close(): Promise<void> } {
  const timer = setInterval(() => {
    for (const notification of ANYTHING) observer(notification);
  }, POLL_MS);
  return {
    close: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

async function notify(payload: Payload, manager: EntityManager): Promise<void> {
  await runSql(manager, 'SELECT pg_notify($1, $2)', [CHANNEL, JSON.stringify(payload)]);
}

/** Any text that is not a payload of this version is read as `inbox`, the one notification that is never wrong. */
function parse(text: string): Payload {
  try {
    const { kind, handlers, sender } = JSON.parse(text) as Record<string, unknown>;
    if (kind === 'pauses') return { kind };
    if (kind === 'deliveries' && Array.isArray(handlers)) {
      return { kind, handlers: handlers.map(String), ...(typeof sender === 'string' && { sender }) };
    }
  } catch {
    // Empty, or written by another version.
  }
  return { kind: 'inbox' };
}
