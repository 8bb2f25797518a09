import type { HandlerEvent } from '../stored-events.js';
import type { FetchedJob } from './delivery-job.js';
import type { Call } from './listener-call.js';
import type { JobOutcome } from './job-outcomes.js';

/** What a worker makes of the jobs that it has fetched. */
export interface SelectedCalls {
  tasks: (Call & { job: FetchedJob })[];
  /** Jobs that ask for nothing any more. */
  unneeded: JobOutcome[];
}

/** Each job's own event, unless it is settled already, or the job belongs to a delivery that has been superseded. */
export function runnable(jobs: readonly FetchedJob[], events: readonly HandlerEvent[]): SelectedCalls {
  const byRowId = new Map(events.map((event) => [event.rowId, event]));
  const next: SelectedCalls = { tasks: [], unneeded: [] };
  for (const job of jobs) {
    const { eventId, delivery = 0 } = job.data;
    const event = byRowId.get(eventId);
    const { status, delivery: current } = event?.progress ?? {};
    const isOpen = status === null || status === 'pending' || status === 'retrying';
    if (event && isOpen && delivery === current) next.tasks.push(taskOf(job, event));
    else next.unneeded.push({ job });
  }
  return next;
}

/**
 * For each job of an ordered handler the event that is next in its line. A job whose line waits for a retry is not
 * needed: the job of that retry keeps the line going.
 */
export function nextInLine(
  jobs: readonly FetchedJob[],
  heads: readonly HandlerEvent[],
  nowMs = Date.now(),
): SelectedCalls {
  const byLine = new Map(heads.map((event) => [event.progress.orderKey, event]));
  const next: SelectedCalls = { tasks: [], unneeded: [] };
  for (const job of jobs) {
    const event = byLine.get(job.data.orderKey ?? '');
    const isDue = event && isDueAt(event, job, nowMs);
    if (isDue) next.tasks.push(taskOf(job, event));
    else next.unneeded.push({ job });
  }
  return next;
}

/** The event's own retry is due when it comes, whatever the clocks of two machines say. */
function isDueAt({ rowId, progress }: HandlerEvent, { data }: FetchedJob, nowMs: number): boolean {
  const { nextAttemptAt } = progress;
  return (
    nextAttemptAt === null ||
    nextAttemptAt.getTime() <= nowMs ||
    (data.goesOn === true && data.eventId === rowId)
  );
}

function taskOf(job: FetchedJob, event: HandlerEvent): Call & { job: FetchedJob } {
  const { attempts, reason, replayId } = event.progress;
  // pg-boss counts the processes that have died with the job.
  return { job, event, delivery: { attempt: attempts + 1 + job.retryCount, reason, replayId } };
}
