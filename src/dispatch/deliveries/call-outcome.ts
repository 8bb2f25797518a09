import { recordedError } from '../outcomes/recorded-error.js';
import { continuesGroup, continuingGroup, deliveryJob } from './delivery-job.js';
import type { JobOutcome } from './job-outcomes.js';
import type { JobCall } from './select-calls.js';

/**
 * The outcome of a job whose call succeeded.
 *
 * @param isRecorded Whether the call has recorded it already, in its own transaction.
 */
export function successOutcome({ job, event, delivery }: JobCall, isRecorded: boolean): JobOutcome {
  const { orderKey } = event.progress;
  const needsGroupJob = continuesGroup(job.data) || delivery.attempt > 1;
  return {
    job,
    ...(!isRecorded && { record: { ...attemptOf({ event, delivery }), ...DONE } }),
    ...(orderKey !== null && needsGroupJob && { continueGroup: orderKey }),
  };
}

/** The outcome of a job whose call failed. @param delayMs Until the retry; `null` for a dead letter. */
export function failureOutcome(call: JobCall, error: unknown, delayMs: number | null): JobOutcome {
  const { job, event } = call;
  const { delivery, orderKey } = event.progress;
  const record = { ...attemptOf(call), error: recordedError(error, [event.event]) };
  if (delayMs === null) {
    return {
      job,
      record: { ...record, status: 'dead', nextAttemptAt: null },
      // A dead letter does not block its group, whose jobs may be gone.
      ...(orderKey !== null && { continueGroup: orderKey }),
    };
  }
  const nextAttemptAt = new Date(Date.now() + delayMs);
  const data = { ...job.data, eventId: event.rowId, delivery };
  return {
    job,
    record: { ...record, status: 'retrying', nextAttemptAt },
    retry: deliveryJob(orderKey === null ? data : continuingGroup(data), nextAttemptAt),
  };
}

const DONE = { status: 'done', error: null, nextAttemptAt: null } as const;

function attemptOf({ event, delivery }: Pick<JobCall, 'event' | 'delivery'>) {
  return { rowId: event.rowId, delivery: event.progress.delivery, attempts: delivery.attempt };
}
