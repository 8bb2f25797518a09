import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { INBOX_CHANNEL } from '../../inbox/inbox-insert.js';

/** NOTIFY takes payloads of less than 8,000 bytes. */
const MAX_PAYLOAD_LENGTH = 7900;

/** What a notification says. */
export interface Notification {
  /** Names of the handlers that have new jobs; `'*'` for all of them. */
  workers: string[];
  /** Pauses have changed. */
  control: boolean;
  /** There may be events that nobody has dispatched. */
  inbox: boolean;
}

/** Tells the workers of other processes that there is something to do, when the transaction commits. */
@Injectable()
export class Notifications {
  readonly #sender = randomUUID().slice(0, 8);

  /**
   * @param names Handlers with new jobs.
   * @param options.elsewhereOnly The caller wakes the workers of this process itself.
   */
  async send(
    names: readonly string[],
    manager: EntityManager,
    { elsewhereOnly = false }: { elsewhereOnly?: boolean } = {},
  ): Promise<void> {
    const workers = names.join(' ').length > MAX_PAYLOAD_LENGTH ? '*' : names.join(' ');
    await this.#notify(`workers ${elsewhereOnly ? this.#sender : '-'} ${workers}`, manager);
  }

  /** Pauses have changed. */
  async sendControl(manager: EntityManager): Promise<void> {
    await this.#notify('control', manager);
  }

  /** What to do for a payload; an empty one means that any may have been missed. */
  read(payload: string): Notification {
    const [kind, sender, ...workers] = payload.split(' ');
    if (kind === 'workers')
      return { workers: sender === this.#sender ? [] : workers, control: false, inbox: false };
    if (kind === 'control') return { workers: [], control: true, inbox: false };
    return { workers: [], control: false, inbox: true };
  }

  async #notify(payload: string, manager: EntityManager): Promise<void> {
    await manager.query('SELECT pg_notify($1, $2)', [INBOX_CHANNEL, payload]);
  }
}
