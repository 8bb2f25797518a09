import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../database/postack-database.js';
import { runPreparedSql, runSql } from '../database/run-sql.js';
import { setIdleTimeout } from '../database/transaction-with-timeout.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { fillFacts, hasUnfilledMessages } from '../messages/fill-facts.js';
import { MessageEntity } from '../messages/message.entity.js';
import { completeWithoutMarks } from './freshness.js';
import { staleWindowsSql } from './report-marks.sql.js';
import { CONVERSATION_GAP_MS, floorTo, HOUR_MS } from './report-measures.js';
import { ReportWindows, WINDOW_SECONDS, type Window } from './report-windows.js';
import { ReportMarkEntity, ReportStateEntity, ReportWindowEntity } from './report.entities.js';

/** Marks in one statement. */
const MAX_MARKS = 5000;

/** Receipt of an event to its commit, at most. */
const LONGEST_COMMIT_SECONDS = 15;

/** Limit of one window, which may have to be split; only the first one of a very busy hour comes near it. */
const TIMEOUT_MS = 5 * 60_000;

/** A stopped process holds up the figures of all for so long at most. */
const IDLE_TIMEOUT_MS = 10_000;

/** Time for a rebuild in one pass. */
const REBUILD_MS = 1000;

/** The pause after a day of a rebuild, in times of what the day took: in proportion to the events that come in. */
const PAUSE_PER_EVENT_PER_SECOND = 1 / 200;
const MAX_PAUSE_FACTOR = 2;

/** A rebuild computes so many days at once, unless they have more messages, or events. */
const REBUILT_DAYS = [2, 1];
const MAX_REBUILT = 250_000;
const DAY_MS = 24 * HOUR_MS;

type StaleWindow = Pick<ReportWindowEntity, 'source' | 'start'>;

/**
 * Computes the figures that have been marked as changed. Passes of several processes take turns, one transaction at a
 * time: each locks the row of `report_state` first. Dispatching never waits for them.
 */
export class ReportPass {
  readonly #windows: ReportWindows;
  readonly #tables: Record<'message' | 'inbox' | 'mark' | 'window' | 'state', string>;
  #hasUnfilled = true;

  /** @param prices Country or prefix → price of a segment; `null` without prices. */
  constructor(
    private readonly database: PostackDatabase,
    prices: Readonly<Record<string, number>> | null,
  ) {
    this.#windows = new ReportWindows(database, prices);
    this.#tables = {
      message: database.table(MessageEntity),
      inbox: database.table(InboxEventEntity),
      mark: database.table(ReportMarkEntity),
      window: database.table(ReportWindowEntity),
      state: database.table(ReportStateEntity),
    };
  }

  /** @param signal Stops it between two windows. @returns whether there was anything to compute. */
  async run(signal?: AbortSignal): Promise<boolean> {
    if (!(await this.#isNeeded())) return false;
    // Before the marks are taken: what has been dispatched until then has been marked.
    const completeTo = await completeWithoutMarks(this.database);
    while ((await this.#takeMarks()) === MAX_MARKS) if (signal?.aborted) return true;
    for (const window of await this.#changedWindows()) {
      if (signal?.aborted) return true;
      await this.#compute(window);
    }
    await this.database.query(
      `UPDATE ${this.#tables.state} SET complete_to = greatest(complete_to, $1::timestamptz)`,
      [completeTo],
    );
    await this.rebuild(signal);
    return true;
  }

  /** Computes what is due of a rebuild. */
  async rebuild(signal?: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    while (!signal?.aborted && performance.now() - startedAt < REBUILD_MS) {
      if (!(await this.#rebuildNext())) return;
    }
  }

  async #isNeeded(): Promise<boolean> {
    const { mark, window, inbox } = this.#tables;
    const [row]: [{ is_needed: boolean }] = await this.database.query(
      `SELECT EXISTS (SELECT FROM ${mark}) OR EXISTS (SELECT FROM ${window} WHERE ${this.#isDue})
         OR EXISTS (SELECT FROM ${inbox} WHERE ${this.#isNewlyQuarantined}) AS is_needed`,
    );
    return row.is_needed;
  }

  get #isDue(): string {
    return `(stale = 'changed' OR stale = 'rebuild' AND (SELECT rebuild_at FROM ${this.#tables.state}) <= clock_timestamp())`;
  }

  get #isNewlyQuarantined(): string {
    return `status = 'quarantined' AND received_at >=
      (SELECT quarantined_to FROM ${this.#tables.state}) - interval '${LONGEST_COMMIT_SECONDS} s'`;
  }

  /** Turns marks into stale windows. Quarantined events are not dispatched, so they are looked for. @returns the number. */
  #takeMarks(): Promise<number> {
    const { mark, inbox, state } = this.#tables;
    return this.#inTurn(async (manager) => {
      await runPreparedSql(
        manager,
        `WITH quarantined AS (
           INSERT INTO ${mark} (kind, at)
           SELECT DISTINCT 'event', date_trunc('second', received_at) FROM ${inbox} WHERE ${this.#isNewlyQuarantined}
           RETURNING 1
         )
         UPDATE ${state} SET quarantined_to = now() WHERE EXISTS (SELECT FROM quarantined)`,
        [],
      );
      const [row] = await runPreparedSql<{ taken: number }>(manager, staleWindowsSql(this.#tables), [
        MAX_MARKS,
        WINDOW_SECONDS[0],
      ]);
      return row?.taken ?? 0;
    });
  }

  /** Newest first: the figures of now are what is looked at. */
  #changedWindows(): Promise<StaleWindow[]> {
    return this.database.query(
      `SELECT source, start FROM ${this.#tables.window} WHERE stale = 'changed' ORDER BY start DESC`,
    );
  }

  async #compute(window: StaleWindow): Promise<void> {
    const startMs = window.start.getTime();
    await this.#fill(window.source, startMs, startMs + HOUR_MS);
    await this.#inTurn((manager) => this.#replace(window, manager));
  }

  async #replace({ source, start }: StaleWindow, manager: EntityManager): Promise<void> {
    const [window] = await runPreparedSql<Window>(
      manager,
      `UPDATE ${this.#tables.window} SET stale = NULL
       WHERE source = $1 AND start = $2 AND stale IS NOT NULL RETURNING start, seconds`,
      [source, start],
    );
    // Otherwise, another process has computed it.
    if (window) await this.#windows.replace(source, window, manager);
  }

  /** @returns whether there was anything to rebuild now. */
  async #rebuildNext(): Promise<boolean> {
    const [window]: StaleWindow[] = await this.database.query(
      `SELECT source, start FROM ${this.#tables.window} WHERE stale = 'rebuild' AND ${this.#isDue} ORDER BY start DESC LIMIT 1`,
    );
    if (window) await this.#rebuild(window);
    return window !== undefined;
  }

  /** Computes the days up to that of a window, or less if they have too many messages. */
  async #rebuild(window: StaleWindow): Promise<void> {
    const startedAt = performance.now();
    const { source, start } = window;
    const endMs = floorTo(start.getTime(), DAY_MS) + DAY_MS;
    const parts = REBUILT_DAYS.map((days) => new Date(endMs - days * DAY_MS));
    await this.#fill(source, Math.min(...parts.map(Number)), endMs);
    await this.#inTurn(async (manager) => {
      const end = new Date(endMs);
      let from: Date | undefined;
      for (const part of parts) {
        if (await this.#windows.hasMoreThan(MAX_REBUILT, source, part, end, manager)) continue;
        from = part;
        break;
      }
      await (from ? this.#replaceStale(source, from, end, manager) : this.#replace(window, manager));
      await this.#pauseRebuild(performance.now() - startedAt, manager);
    });
  }

  /** From the first stale window on: before it, messages may have been deleted. */
  async #replaceStale(
    source: StaleWindow['source'],
    from: Date,
    to: Date,
    manager: EntityManager,
  ): Promise<void> {
    await runSql(manager, `SET LOCAL work_mem = '64MB'`);
    const windows = await runPreparedSql<Window>(
      manager,
      `UPDATE ${this.#tables.window} SET stale = NULL WHERE source = $1 AND start < $3 AND start >=
         (SELECT min(start) FROM ${this.#tables.window} WHERE source = $1 AND start >= $2 AND stale = 'rebuild')
       RETURNING start, seconds`,
      [source, from, to],
    );
    await this.#windows.replaceAll(source, windows, manager);
  }

  /** For all processes, after a part that took so long. */
  async #pauseRebuild(tookMs: number, manager: EntityManager): Promise<void> {
    const { state, inbox } = this.#tables;
    await runPreparedSql(
      manager,
      `UPDATE ${state} SET rebuild_at = clock_timestamp() + $1::float8 * interval '1 ms' * least(${MAX_PAUSE_FACTOR},
         (SELECT count(*) FROM ${inbox} WHERE received_at > clock_timestamp() - interval '1 s') * ${PAUSE_PER_EVENT_PER_SECOND}::float8)`,
      [tookMs],
    );
  }

  /** Messages from before `MessageFacts` get them first: those of the time, and of the conversations around it. */
  async #fill(source: StaleWindow['source'], fromMs: number, toMs: number): Promise<void> {
    if (source !== 'messages' || !this.#hasUnfilled) return;
    this.#hasUnfilled = await hasUnfilledMessages(this.database);
    if (!this.#hasUnfilled) return;
    const [from, to] = [fromMs - CONVERSATION_GAP_MS, toMs + CONVERSATION_GAP_MS];
    await fillFacts(new Date(from), new Date(to), this.database);
  }

  /** Runs a transaction when it is this process's turn. */
  #inTurn<Result>(run: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    const timedOut = () => new Error(`Computing figures took longer than ${TIMEOUT_MS / 1000} s`);
    return this.database.transactionWithTimeout(TIMEOUT_MS, timedOut, async (manager) => {
      // A crash of PostgreSQL may undo the last commits, but undoes marks, windows and figures together.
      await runPreparedSql(
        manager,
        `SELECT ${setIdleTimeout('$1')}, set_config('synchronous_commit', 'off', true)
         FROM ${this.#tables.state} FOR UPDATE`,
        [String(IDLE_TIMEOUT_MS)],
      );
      return run(manager);
    });
  }
}
