import { Injectable } from '@nestjs/common';
import { PostackDatabase } from '../database/postack-database.js';
import { UndecidedEvents, type UndecidedStatus } from '../dispatch/outcomes/undecided-events.js';
import { EventParser } from '../events/event-parser.js';
import { EventsOptions } from '../events/events.options.js';
import { InboxEventEntity, type InboxStatus } from '../inbox/inbox-event.entity.js';
import { suggestMapping, type MappingSuggestion } from './mapping-suggestion.js';
import { sampleOf, type Sample } from './sample.js';
import { shapesOf, type WireShape } from './wire-shapes.js';

/** What came in, and how it was read. Without values of texts and numbers. */
export interface WireFormatReport {
  /** Events received since then are in the report. */
  since: Date;
  /** Events that nothing could be done with, of any time: they are kept until an operator decides. */
  undecided: Record<UndecidedStatus, number>;
  /** The most frequent first. */
  types: WireType[];
  /** Number of types that are left out, since there are too many. */
  otherTypes: number;
  /** A mapping for what is not read completely; `null` if there is none to suggest. */
  suggestion: MappingSuggestion | null;
}

/** The events of one type. */
export interface WireType {
  /** As Postack wrote it; empty if it wrote none; `null` for quarantined events. */
  type: string | null;
  count: number;
  firstReceivedAt: Date;
  lastReceivedAt: Date;
  /** What they were taken for → how many: the type of their event class, or `quarantined`, `unhandled`, `pending`. */
  takenFor: Record<string, number>;
  /** Of the latest of them, `EXAMINED` at most. */
  shapes: WireShape[];
}

/** Latest events of each type that are looked at. */
const EXAMINED = 1000;

/** Types in a report. */
const MAX_TYPES = 50;

const DEFAULT_PERIOD_MS = 7 * 86_400_000;

interface Group {
  type: string | null;
  status: InboxStatus;
  kind: string | null;
  count: number;
  first_at: Date;
  last_at: Date;
  first_id: string;
  last_id: string;
}

/** Reports what Postack really sends, how it is read, and how it could be read. */
@Injectable()
export class WireFormat {
  readonly #inbox: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly options: EventsOptions,
    private readonly parser: EventParser,
    private readonly undecided: UndecidedEvents,
  ) {
    this.#inbox = database.table(InboxEventEntity);
  }

  /** @param since Only events received at or after. Default: 7 days ago. */
  async report(since = new Date(Date.now() - DEFAULT_PERIOD_MS)): Promise<WireFormatReport> {
    const groups = [...Map.groupBy(await this.#groups(since), ({ type }) => type)]
      .map(([type, some]) => ({ type, groups: some, count: sum(some) }))
      .sort((a, b) => b.count - a.count);
    const types: WireType[] = [];
    const samples: Sample[] = [];
    for (const { type, groups: some, count } of groups.slice(0, MAX_TYPES)) {
      const examined = await this.#examine(some);
      samples.push(...examined);
      types.push({
        ...{ type, count },
        firstReceivedAt: new Date(Math.min(...some.map(({ first_at }) => first_at.getTime()))),
        lastReceivedAt: new Date(Math.max(...some.map(({ last_at }) => last_at.getTime()))),
        takenFor: takenFor(some),
        shapes: shapesOf(examined, this.parser),
      });
    }
    return {
      since,
      undecided: await this.undecided.count(),
      types,
      otherTypes: Math.max(groups.length - MAX_TYPES, 0),
      suggestion: suggestMapping(samples, this.options),
    };
  }

  #groups(since: Date): Promise<Group[]> {
    return this.database.forLongStatements.query(
      `SELECT type, status, kind, count(*)::int AS count, min(received_at) AS first_at, max(received_at) AS last_at,
         min(id) AS first_id, max(id) AS last_id
       FROM ${this.#inbox} WHERE received_at >= $1 GROUP BY type, status, kind`,
      [since.toISOString()],
    );
  }

  /** The latest bodies of a type. */
  async #examine(groups: readonly Group[]): Promise<(Sample & { receivedAt: Date })[]> {
    const [first] = groups;
    if (!first) return [];
    const ids = groups.flatMap(({ first_id, last_id }) => [BigInt(first_id), BigInt(last_id)]);
    const bounds = [ids.reduce((a, b) => (a < b ? a : b)), ids.reduce((a, b) => (a > b ? a : b))].map(String);
    const rows: { body: Buffer; received_at: Date }[] = await this.database.forLongStatements.query(
      `SELECT body, received_at FROM ${this.#inbox}
       WHERE type IS NOT DISTINCT FROM $1 AND id BETWEEN $2 AND $3 AND body IS NOT NULL
       ORDER BY id DESC LIMIT ${EXAMINED}`,
      [first.type, ...bounds],
    );
    return rows.map(({ body, received_at: receivedAt }) => ({ ...sampleOf(body), receivedAt }));
  }
}

function takenFor(groups: readonly Group[]): Record<string, number> {
  const kindOf = ({ status, kind }: Group) => (status === 'dispatched' ? (kind ?? 'unknown') : status);
  return Object.fromEntries([...Map.groupBy(groups, kindOf)].map(([kind, some]) => [kind, sum(some)]));
}

function sum(groups: readonly Group[]): number {
  return groups.reduce((all, { count }) => all + count, 0);
}
