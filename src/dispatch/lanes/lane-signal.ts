import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { INBOX_CHANNEL } from '../../inbox/inbox-insert.js';

/** NOTIFY takes payloads of less than 8,000 bytes. */
const MAX_PAYLOAD_LENGTH = 7900;

/** What a notification says. */
export interface LaneNotification {
  /** Names of the handlers that have new jobs; `'*'` for all of them. */
  lanes: string[];
  /** Pauses have changed. */
  control: boolean;
  /** There may be events that nobody has dispatched. */
  inbox: boolean;
}

/** Tells the lanes of other processes that there is something to do, when the transaction commits. */
@Injectable()
export class LaneSignal {
  readonly #sender = randomUUID().slice(0, 8);

  /**
   * @param names Handlers with new jobs.
   * @param options.elsewhereOnly The caller wakes the lanes of this process itself.
   */
  async send(
    names: readonly string[],
    manager: EntityManager,
    { elsewhereOnly = false }: { elsewhereOnly?: boolean } = {},
  ): Promise<void> {
    const lanes = names.join(' ').length > MAX_PAYLOAD_LENGTH ? '*' : names.join(' ');
    await this.#notify(`lanes ${elsewhereOnly ? this.#sender : '-'} ${lanes}`, manager);
  }

  /** Pauses have changed. */
  async sendControl(manager: EntityManager): Promise<void> {
    await this.#notify('control', manager);
  }

  /** What to do for a payload; an empty one means that any may have been missed. */
  read(payload: string): LaneNotification {
    const [kind, sender, ...lanes] = payload.split(' ');
    if (kind === 'lanes')
      return { lanes: sender === this.#sender ? [] : lanes, control: false, inbox: false };
    if (kind === 'control') return { lanes: [], control: true, inbox: false };
    return { lanes: [], control: false, inbox: true };
  }

  async #notify(payload: string, manager: EntityManager): Promise<void> {
    await manager.query('SELECT pg_notify($1, $2)', [INBOX_CHANNEL, payload]);
  }
}
