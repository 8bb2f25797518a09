import { Injectable } from '@nestjs/common';
import { LOOKUP } from '../messages/message-state.js';
import { MessageEntity } from '../messages/message.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { OutboxMessageEntity } from '../outbox/outbox-message.entity.js';
import { Alerts } from './alerts.js';
import { AlertsOptions } from './alerts.options.js';

/** Messages accepted by Postack within this time are considered. */
const WINDOW_MS = 2 * 3_600_000;

/** Messages of the last minutes do not count: their receipts may be on their way. */
const GRACE_MS = 10 * 60_000;

/** How far back receipts are searched for while the alert is open. */
const MAX_LOOKBACK_MS = 24 * 3_600_000;

const KEY = 'receipts';

/** Raises an alert if messages are sent but none of them gets a delivery receipt. */
@Injectable()
export class ReceiptsWatch {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: AlertsOptions,
    private readonly alerts: Alerts,
  ) {}

  /** Raises or resolves the alert. @param now For tests. */
  async run(now: Date = new Date()): Promise<void> {
    const open = await this.alerts.findOpen('no-receipts', KEY);
    // While the alert is open, a receipt for any message since 2 hours before it was raised resolves it.
    const since = Math.max((open?.openedAt ?? now).getTime() - WINDOW_MS, now.getTime() - MAX_LOOKBACK_MS);
    if (await this.#hasReceipt(new Date(since))) {
      if (open) await this.alerts.resolve({ kind: 'no-receipts', key: KEY }, now);
      return;
    }
    if (open) return;
    const sends = await this.#sends(new Date(since), new Date(now.getTime() - GRACE_MS));
    if (sends >= this.options.unreceiptedMessages) await this.#raise(sends, now);
  }

  async #raise(sends: number, now: Date): Promise<void> {
    const alert = {
      ...({ kind: 'no-receipts', key: KEY } as const),
      summary:
        `Postack accepted ${sends} messages in the last 2 hours, but no delivery receipt has arrived for any of them. ` +
        'Check the endpoint at Postack: is it enabled, and does it receive message.delivered and message.undelivered?',
      details: { messages: sends },
    };
    await this.database.transaction((manager) => this.alerts.raise(alert, manager, now));
  }

  async #sends(since: Date, until: Date): Promise<number> {
    const [row]: { sends: number }[] = await this.database.query(
      `SELECT count(*)::int AS sends FROM ${this.database.table(OutboxMessageEntity)}
       WHERE accepted_at > $1 AND accepted_at <= $2`,
      [since.toISOString(), until.toISOString()],
    );
    return row?.sends ?? 0;
  }

  /** Includes messages sent just now. A state that was looked up at Postack is not a receipt. */
  async #hasReceipt(since: Date): Promise<boolean> {
    const rows: unknown[] = await this.database.query(
      `SELECT FROM ${this.database.table(OutboxMessageEntity)} o
       JOIN ${this.database.table(MessageEntity)} m ON m.id = o.message_id
       WHERE o.accepted_at > $1 AND m.state IN ('failed', 'undelivered', 'delivered', 'read')
         AND EXISTS (
           SELECT FROM jsonb_to_recordset(m.history) AS fact (state text, "eventId" text)
           WHERE fact.state = m.state AND fact."eventId" <> $2
         )
       LIMIT 1`,
      [since.toISOString(), LOOKUP],
    );
    return rows.length > 0;
  }
}
