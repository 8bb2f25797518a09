import { Injectable } from '@nestjs/common';
import { PostackDatabase } from '../database/postack-database.js';
import { StoredEvents, EVENT_COLUMNS, type EventRow } from '../dispatch/stored-events.js';
import { UndecidedEvents } from '../dispatch/outcomes/undecided-events.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { UnrecognizedEvents } from '../events/unrecognized-events.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { Alerts } from './alerts.js';

const KIND = 'unrecognized-events';

/** The latest events that are looked at, of the last hour. */
const EXAMINED = 500;
const WINDOW_MS = 3_600_000;

/** An occasional message without a text is a picture. */
const MIN_SHARE = 0.5;

const NEXT_STEP = 'See what came in, and a mapping for it: npm run wire-format, or GET /api/v1/wire-format';

/** Raises alerts while there are events that nothing could be done with, and while events come in that are read in part. */
@Injectable()
export class UnrecognizedWatch {
  readonly #inbox: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly events: StoredEvents,
    private readonly undecided: UndecidedEvents,
    private readonly unrecognized: UnrecognizedEvents,
    private readonly alerts: Alerts,
  ) {
    this.#inbox = database.table(InboxEventEntity);
  }

  /** Raises or resolves the alerts. @param now For tests. */
  async run(now: Date = new Date()): Promise<void> {
    const { quarantined, unhandled } = await this.undecided.count();
    const undecided =
      quarantined + unhandled > 0
        ? `${quarantined} events are quarantined and ${unhandled} are of unknown types. They are kept until they are mapped and ` +
          `read again, their type is declared as ignored, or they are discarded. ${NEXT_STEP}`
        : null;
    await this.#tell('undecided', undecided, { quarantined, unhandled }, now);
    const problems = await this.#problems(now);
    const incomplete = problems.length > 0 ? `${problems.join('. ')}. ${NEXT_STEP}` : null;
    await this.#tell('incomplete', incomplete, {}, now);
  }

  /** Raises an alert again only if there is something new. */
  async #tell(
    key: string,
    summary: string | null,
    details: Record<string, number>,
    now: Date,
  ): Promise<void> {
    const open = await this.alerts.findOpen(KIND, key);
    if (summary === null) {
      if (open) await this.alerts.resolve({ kind: KIND, key }, now);
    } else if (open?.summary !== summary) {
      await this.database.transaction((manager) =>
        this.alerts.raise({ kind: KIND, key, summary, details }, manager, now),
      );
    }
  }

  /** What is wrong with most of the latest events of a type. */
  async #problems(now: Date): Promise<string[]> {
    const rows: EventRow[] = await this.database.query(
      `SELECT ${EVENT_COLUMNS} FROM ${this.#inbox} e
       WHERE e.status = 'dispatched' AND e.body IS NOT NULL AND e.received_at >= $1 AND e.received_at <= $2
       ORDER BY e.received_at DESC, e.id DESC LIMIT ${EXAMINED}`,
      [new Date(now.getTime() - WINDOW_MS).toISOString(), now.toISOString()],
    );
    const events = rows.map((row) => this.events.stored(row).event);
    const byType = Map.groupBy(events, ({ type }: AnyPostackEvent) => type);
    return [...byType.values()].flatMap((some) => {
      const problems = some.flatMap((event) => this.unrecognized.problemWith(event) ?? []);
      const [first] = problems;
      return first !== undefined && problems.length >= some.length * MIN_SHARE ? first : [];
    });
  }
}
