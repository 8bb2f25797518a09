import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runPreparedSql } from '../database/run-sql.js';
import { tableName } from '../database/table-name.js';
import { BatchObservers } from '../dispatch/batch-observers.js';
import type { MessageEntity } from '../messages/message.entity.js';
import { MessageStore, type MessageChange } from '../messages/message-store.js';
import { ReportsOptions } from './reports.options.js';
import { floorTo } from './report-measures.js';
import { ReportJob } from './report-job.js';
import { ReportMarkEntity } from './report.entities.js';

type Mark = Pick<ReportMarkEntity, 'kind' | 'at' | 'conversation'>;

/**
 * Marks the times whose figures change with messages and events, in the transaction that changes them: one statement for
 * the messages of a batch and one for its events, which never wait for another transaction. `ReportJob` computes the figures.
 */
@Injectable()
export class ReportMarks implements OnModuleInit {
  constructor(
    private readonly options: ReportsOptions,
    private readonly messages: MessageStore,
    private readonly batches: BatchObservers,
    private readonly job: ReportJob,
  ) {}

  onModuleInit(): void {
    if (!this.options.reports) return;
    this.messages.onChange(async (changes, manager) => {
      await markChanges(changes, manager);
      this.job.wake();
    });
    this.batches.add(async (events, manager) => {
      await mark(
        events.map(({ receivedAt: at }) => ({ kind: 'event', at, conversation: null })),
        manager,
      );
      this.job.wake();
    });
  }
}

/** Marks what changes with messages: nothing if no figure depends on what has changed. */
export function markChanges(changes: readonly MessageChange[], manager: EntityManager): Promise<void> {
  return mark(changes.flatMap(marksOf), manager);
}

function marksOf({ before, after }: MessageChange): Mark[] {
  if (!before || !after) return [before, after].flatMap((message) => (message ? positionOf(message) : []));
  if (!isSamePosition(before, after)) return [positionOf(before), positionOf(after)];
  return isSame(before, after) ? [] : [{ kind: 'message', at: after.firstEventAt, conversation: null }];
}

function positionOf({ direction, firstEventAt, conversation = null }: MessageEntity): Mark {
  return { kind: direction, at: firstEventAt, conversation };
}

function isSamePosition(a: MessageEntity, b: MessageEntity): boolean {
  return (
    a.conversation === b.conversation &&
    a.direction === b.direction &&
    a.firstEventAt.getTime() === b.firstEventAt.getTime()
  );
}

/** What figures depend on, besides the position. */
const COUNTED = [
  'state',
  'errorCode',
  'segments',
  'ownNumberKey',
  'country',
  'peerPrefix',
  'deliveredAfterMs',
] as const satisfies (keyof MessageEntity)[];

function isSame(a: MessageEntity, b: MessageEntity): boolean {
  return COUNTED.every((name) => a[name] === b[name]);
}

async function mark(marks: readonly Mark[], manager: EntityManager): Promise<void> {
  const byKey = marks
    .map(inSeconds)
    .map((one) => [`${one.kind} ${+one.at} ${one.conversation}`, one] as const);
  const different = [...new Map(byKey).values()];
  if (different.length === 0) return;
  await runPreparedSql(
    manager,
    `INSERT INTO ${tableName(manager, ReportMarkEntity)} (kind, at, conversation)
     SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[])`,
    [
      different.map(({ kind }) => kind),
      different.map(({ at }) => at.toISOString()),
      different.map(({ conversation }) => conversation),
    ],
  );
}

/** All windows start at whole seconds; only the order of messages in a conversation depends on milliseconds. */
function inSeconds(mark: Mark): Mark {
  const isOrdered = mark.kind === 'inbound' || mark.kind === 'outbound';
  return isOrdered ? mark : { ...mark, at: new Date(floorTo(mark.at.getTime(), 1000)) };
}
