import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PgBossService } from './pg-boss.service.js';

/** PostgreSQL channel of the notifications between processes. */
const CHANNEL = 'postack_inbox';

/** NOTIFY takes payloads of less than 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7900;

/** What has happened in a process, for the others. */
export type Notification =
  | { kind: 'inbox' /** Events were stored, and not dispatched yet. */ }
  | {
      kind: 'deliveries' /** Handlers with new jobs; `*` for all. */;
      handlers: string[];
      sender: string | null;
    }
  | { kind: 'pauses' /** A listener was paused or resumed. */ };

/** SQL that notifies the other processes, at the commit, of events that were stored. */
export const NOTIFY_INBOX = `pg_notify('${CHANNEL}', '${JSON.stringify({ kind: 'inbox' })}')`;

/** Notifies the processes on this database of changes, when the transaction commits. Owns the NOTIFY channel. */
@Injectable()
export class Notifications {
  readonly #process = randomUUID().slice(0, 8);

  constructor(private readonly jobs: PgBossService) {}

  /**
   * Handlers have new jobs.
   *
   * @param options.elsewhereOnly The caller wakes the workers of this process itself.
   */
  async deliveries(
    handlers: readonly string[],
    manager: EntityManager,
    { elsewhereOnly = false }: { elsewhereOnly?: boolean } = {},
  ): Promise<void> {
    const sender = elsewhereOnly ? this.#process : null;
    await this.#notify({ kind: 'deliveries', handlers: [...handlers], sender }, manager);
  }

  /** A listener was paused or resumed. */
  async pauses(manager: EntityManager): Promise<void> {
    await this.#notify({ kind: 'pauses' }, manager);
  }

  /** Calls `observer` for each notification of other processes, and for all that may have been missed. */
  async subscribe(observer: (notification: Notification) => void): Promise<{ close(): Promise<void> }> {
    return this.jobs.listen(CHANNEL, (payload) => {
      const notification = parse(payload);
      if (notification.kind !== 'deliveries' || notification.sender !== this.#process) observer(notification);
    });
  }

  async #notify(notification: Notification, manager: EntityManager): Promise<void> {
    let payload = JSON.stringify(notification);
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES && notification.kind === 'deliveries') {
      payload = JSON.stringify({ ...notification, handlers: ['*'] });
    }
    await manager.query('SELECT pg_notify($1, $2)', [CHANNEL, payload]);
  }
}

/** An empty payload (some may have been missed) and one of another version mean: look for new events. */
function parse(payload: string): Notification {
  try {
    const { kind, handlers, sender } = JSON.parse(payload) as Record<string, unknown>;
    if (kind === 'pauses') return { kind };
    if (kind === 'deliveries' && Array.isArray(handlers)) {
      return { kind, handlers: handlers.map(String), sender: typeof sender === 'string' ? sender : null };
    }
  } catch {
    // Not JSON.
  }
  return { kind: 'inbox' };
}
