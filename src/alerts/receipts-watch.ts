import { Injectable } from '@nestjs/common';
import { LOOKUP } from '../messages/message-state.js';
import { MessageEntity } from '../messages/message.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { OutboxMessageEntity } from '../outbox/outbox-message.entity.js';
import { Alerts } from './alerts.js';
import { AlertsOptions } from './alerts.options.js';

/** Messages that Postack has accepted within this time count. */
const WINDOW_MS = 2 * 3_600_000;

/** Not those of the last minutes: their receipts may well be on their way. */
const GRACE_MS = 10 * 60_000;

/** An alert that has been open for longer is ended by receipts of the messages since. */
const LONGEST_MS = 24 * 3_600_000;

const KEY = 'receipts';

/** Raises the alert that messages are sent, and that not one receipt comes back. */
@Injectable()
export class ReceiptsWatch {
  readonly #outbox: string;
  readonly #messages: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly options: AlertsOptions,
    private readonly alerts: Alerts,
  ) {
    this.#outbox = database.table(OutboxMessageEntity);
    this.#messages = database.table(MessageEntity);
  }

  /** Raises or resolves the alert. Too few messages to tell leave it as it is. @param now For tests. */
  async run(now: Date = new Date()): Promise<void> {
    const open = await this.alerts.findOpen('no-receipts', KEY);
    // While it is open, a receipt of any message that it is about ends it.
    const since = Math.max((open?.openedAt ?? now).getTime() - WINDOW_MS, now.getTime() - LONGEST_MS);
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
        `Postack has accepted ${sends} messages in the last two hours, and no receipt tells what became of any. Look at ` +
        'the endpoint at Postack: is it enabled, does it get message.delivered and message.undelivered?',
      details: { messages: sends },
    };
    await this.database.transaction((manager) => this.alerts.raise(alert, manager, now));
  }

  async #sends(since: Date, until: Date): Promise<number> {
    const [row]: { sends: number }[] = await this.database.query(
      `SELECT count(*)::int AS sends FROM ${this.#outbox} WHERE accepted_at > $1 AND accepted_at <= $2`,
      [since.toISOString(), until.toISOString()],
    );
    return row?.sends ?? 0;
  }

  /** Also of a message that was sent just now. What Postack has told only when it was asked is no receipt. */
  async #hasReceipt(since: Date): Promise<boolean> {
    const rows: unknown[] = await this.database.query(
      `SELECT FROM ${this.#outbox} o JOIN ${this.#messages} m ON m.id = o.message_id
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
