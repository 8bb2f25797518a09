import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { MessageEntity } from '../messages/message.entity.js';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';
import { OutboxMessageEntity } from '../replies/outbox/outbox-message.entity.js';
import { tableName } from '../table-name.js';
import { ALERT_OPTIONS, type ResolvedAlertOptions } from './alert-options.js';
import { Alerts } from './alerts.js';

/** Messages that Postack has accepted within this time count. */
const WINDOW_MS = 2 * 3_600_000;

/** Not those of the last minutes: their receipts may well be on their way. */
const GRACE_MS = 10 * 60_000;

const KEY = 'receipts';

/** Raises the alert that messages are sent, and that not one receipt comes back. */
@Injectable()
export class ReceiptsWatch {
  readonly #outbox: string;
  readonly #messages: string;

  constructor(
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(ALERT_OPTIONS) private readonly options: ResolvedAlertOptions,
    private readonly alerts: Alerts,
  ) {
    this.#outbox = tableName(dataSource, OutboxMessageEntity);
    this.#messages = tableName(dataSource, MessageEntity);
  }

  /** Raises or resolves the alert. Too few messages to tell leave it as it is. @param now For tests. */
  async run(now: Date = new Date()): Promise<void> {
    const open = await this.alerts.findOpen('no-receipts', KEY);
    // While it is open, a receipt of any message that it is about ends it.
    const since = new Date((open?.openedAt ?? now).getTime() - WINDOW_MS);
    const { sends, receipts } = await this.#count(since, open ? now : new Date(now.getTime() - GRACE_MS));
    if (receipts > 0) {
      if (open) await this.alerts.resolve({ kind: 'no-receipts', key: KEY }, now);
    } else if (!open && sends >= this.options.unreceiptedMessages) {
      await this.#raise(sends, now);
    }
  }

  async #raise(sends: number, now: Date): Promise<void> {
    const alert = {
      ...({ kind: 'no-receipts', key: KEY } as const),
      summary:
        `Postack has accepted ${sends} messages in the last two hours, and no receipt tells what became of any. Look at ` +
        'the endpoint at Postack: is it enabled, does it get message.delivered and message.undelivered?',
      details: { messages: sends },
    };
    await this.dataSource.transaction((manager) => this.alerts.raise(alert, manager, now));
  }

  async #count(since: Date, until: Date): Promise<{ sends: number; receipts: number }> {
    const [counts]: { sends: number; receipts: number }[] = await this.dataSource.query(
      `SELECT count(*)::int AS sends,
         count(*) FILTER (WHERE m.state IN ('failed', 'undelivered', 'delivered', 'read'))::int AS receipts
       FROM ${this.#outbox} o LEFT JOIN ${this.#messages} m ON m.id = o.message_id
       WHERE o.accepted_at > $1 AND o.accepted_at <= $2`,
      [since.toISOString(), until.toISOString()],
    );
    return counts ?? { sends: 0, receipts: 0 };
  }
}
