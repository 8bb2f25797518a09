import type { HandlerEvent } from '../stored-events.js';
import { continuesGroup, type FetchedJob } from './delivery-job.js';
import type { Call } from './listener-calls.js';

/** A call together with the job that asks for it. */
export interface JobCall extends Call {
  job: FetchedJob;
}

/** The calls to make for fetched jobs. */
export interface SelectedCalls {
  calls: JobCall[];
  /** Jobs to delete without a call. */
  stale: FetchedJob[];
}

/** One call for each job, unless its event is done, dead or discarded, or the job belongs to an earlier delivery. */
export function selectCalls(jobs: readonly FetchedJob[], events: readonly HandlerEvent[]): SelectedCalls {
  const byRowId = new Map(events.map((event) => [event.rowId, event]));
  const selected: SelectedCalls = { calls: [], stale: [] };
  for (const job of jobs) {
    const { eventId, delivery = 0 } = job.data;
    const event = byRowId.get(eventId);
    const { status, delivery: current } = event?.progress ?? {};
    const isOpen = status === null || status === 'pending' || status === 'retrying';
    if (event && isOpen && delivery === current) selected.calls.push(callFor(job, event));
    else selected.stale.push(job);
  }
  return selected;
}

/**
 * One call for each message group of an ordered handler: for the first event of the group. Other jobs of a group that
 * waits for a retry are stale, since the job of the retry continues the group.
 *
 * @param heads The first event of each group.
 */
export function selectGroupCalls(
  jobs: readonly FetchedJob[],
  heads: readonly HandlerEvent[],
  nowMs = Date.now(),
): SelectedCalls {
  const byGroup = new Map(heads.map((event) => [event.progress.orderKey, event]));
  const selected: SelectedCalls = { calls: [], stale: [] };
  for (const job of jobs) {
    const event = byGroup.get(job.data.orderKey ?? '');
    if (event && isDue(event, job, nowMs)) selected.calls.push(callFor(job, event));
    else selected.stale.push(job);
  }
  return selected;
}

/** The job of the event's own retry is always due: the clock of this machine may be behind PostgreSQL's. */
function isDue({ rowId, progress }: HandlerEvent, { data }: FetchedJob, nowMs: number): boolean {
  const { nextAttemptAt } = progress;
  return (
    nextAttemptAt === null ||
    nextAttemptAt.getTime() <= nowMs ||
    (continuesGroup(data) && data.eventId === rowId)
  );
}

function callFor(job: FetchedJob, event: HandlerEvent): JobCall {
  const { attempts, reason, replayId } = event.progress;
  // pg-boss counts the calls during which the process died.
  return { job, event, delivery: { attempt: attempts + 1 + job.retryCount, reason, replayId } };
}
