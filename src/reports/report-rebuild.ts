import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { MessageEntity } from '../messages/message.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { RetentionOptions } from '../retention/retention.options.js';
import { ReportJob } from './report-job.js';
import { BUCKET_MS, CONVERSATION_GAP_MS, HOUR_MS, floorTo } from './report-measures.js';
import { EARLIEST, InvalidReportError } from './report-request.js';
import { ReportCountEntity, ReportEventEntity, ReportWindowEntity } from './report.entities.js';

/** Between two looks for what is due. */
const POLL_MS = 20;

/** Progress of a rebuild. */
export interface RebuildProgress {
  /** Windows of time that have been computed: hours, or less of busy ones. */
  done: number;
  total: number;
}

/**
 * Recomputes the figures from the stored messages, and from the events (`retention.eventDays`), as far back as there
 * are any. What is no longer stored stays as it was counted: older hours, duplicates and rejected requests.
 *
 * The windows of time are marked, and computed between those that live events change, the newest first, a day at a time
 * with pauses: the longer, the more events come in. Each replaces its figures at once. If interrupted, processes that work complete it; it can also be run again.
 */
@Injectable()
export class ReportRebuild {
  private readonly database: PostackDatabase;

  constructor(
    private readonly retention: RetentionOptions,
    private readonly job: ReportJob,
    database: PostackDatabase,
  ) {
    this.database = database.forLongStatements;
  }

  /**
   * Rebuilds the reports from `since` on, and yields the progress.
   *
   * @param since Between 1970 and now; rounded down to the hour.
   * @throws {InvalidReportError}
   */
  async *run(since: Date): AsyncGenerator<RebuildProgress> {
    if (!(since.getTime() >= EARLIEST && since.getTime() <= Date.now())) {
      throw new InvalidReportError('since', 'must be a time that has passed, and not before 1970');
    }
    const fromMs = floorTo(since.getTime(), HOUR_MS);
    await this.#mark('messages', fromMs);
    await this.#mark('events', Math.max(fromMs, this.#oldestKept()));
    let total = 0;
    for (;;) {
      const left = await this.#left();
      total = Math.max(total, left);
      yield { done: total - left, total };
      if (left === 0) return;
      await this.job.rebuild();
      await sleep(POLL_MS);
    }
  }

  /** First hour of which retention has not deleted any event. */
  #oldestKept(): number {
    const { retention } = this.retention;
    return retention ? floorTo(Date.now() - retention.eventDays * 86_400_000, HOUR_MS) + HOUR_MS : EARLIEST;
  }

  /**
   * Marks every hour with messages, or events, or figures of them. The first hour is that of the oldest one. If older
   * figures exist, older rows have been deleted, possibly including some of that hour: it is the next one then, or the one
   * a day later, when no conversation of a deleted message can continue.
   */
  async #mark(source: ReportWindowEntity['source'], fromMs: number): Promise<void> {
    const window = this.database.table(ReportWindowEntity);
    const [stored, counted, skippedHours] =
      source === 'messages'
        ? [
            `first_event_at AS at FROM ${this.database.table(MessageEntity)}`,
            `bucket FROM ${this.database.table(ReportCountEntity)} WHERE dimension = 'total'`,
            1 + CONVERSATION_GAP_MS / HOUR_MS,
          ]
        : [
            `received_at AS at FROM ${this.database.table(InboxEventEntity)}`,
            `bucket FROM ${this.database.table(ReportEventEntity)} WHERE accepted + quarantined > 0`,
            1,
          ];
    await this.database.query(
      `WITH oldest AS (SELECT min(at) AS at FROM (SELECT ${stored}) AS stored),
       first AS (
         SELECT greatest($2::timestamptz, date_trunc('hour', at, 'UTC') + CASE WHEN EXISTS (
           SELECT ${counted} AND bucket < date_bin('${BUCKET_MS} ms', oldest.at, 'epoch')
         ) THEN interval '${skippedHours} hours' ELSE interval '0' END) AS at FROM oldest WHERE at IS NOT NULL
       ),
       hours AS (
         SELECT date_trunc('hour', at, 'UTC') AS hour FROM (SELECT ${stored}) AS stored WHERE at >= (SELECT at FROM first)
         UNION SELECT date_trunc('hour', bucket, 'UTC') FROM (SELECT ${counted}) AS counted
           WHERE bucket >= (SELECT at FROM first)
       ),
       again AS (
         UPDATE ${window} SET stale = 'rebuild'
         WHERE source = $1 AND stale IS NULL AND start >= (SELECT at FROM first)
       )
       INSERT INTO ${window} (source, start, seconds, stale)
       SELECT $1, hour, ${HOUR_MS / 1000}, 'rebuild' FROM hours WHERE NOT EXISTS (
         SELECT FROM ${window} s WHERE s.source = $1 AND s.start >= hour AND s.start < hour + interval '1 hour'
       ) ON CONFLICT DO NOTHING`,
      [source, new Date(fromMs)],
    );
  }

  async #left(): Promise<number> {
    const [row]: [{ left: number }] = await this.database.query(
      `SELECT count(*)::integer AS left FROM ${this.database.table(ReportWindowEntity)} WHERE stale = 'rebuild'`,
    );
    return row.left;
  }
}
