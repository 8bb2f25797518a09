import type { Job, JobInsert } from 'pg-boss';

/** The data of a job in a handler's queue: the event to handle. */
export interface DeliveryJob {
  /** `InboxEventEntity.id`. The job of an ordered handler handles the first event of its group instead. */
  eventId: string;
  /** `HandlerOutcomeEntity.delivery` that the job belongs to; absent for 0. */
  delivery?: number;
  /** For an ordered handler: key of the message group. */
  orderKey?: string;
  /** `continuesGroup`. The stored name is kept, because jobs of earlier versions may still be queued. */
  goesOn?: boolean;
}

/** A job that this process has fetched. */
export type FetchedJob = Job<DeliveryJob>;

/** Redeliveries yield to live events. */
const REDELIVERY_PRIORITY = -1;

/** The job to insert for a delivery. Due at once, unless `startAfter` is given. */
export function deliveryJob(data: DeliveryJob, startAfter?: Date): JobInsert<DeliveryJob> {
  return {
    data,
    ...(startAfter && { startAfter }),
    ...(data.delivery !== undefined && data.delivery > 0 && { priority: REDELIVERY_PRIORITY }),
    ...(data.orderKey !== undefined && { singletonKey: data.orderKey }),
  };
}

/**
 * Job data after whose job a group job is enqueued, if events of the group are waiting: their own jobs may have been
 * deleted as stale while the first event waited for its retry.
 */
export function continuingGroup(data: DeliveryJob): DeliveryJob {
  return { ...data, goesOn: true };
}

/** Whether a job was made by `continuingGroup`. */
export function continuesGroup(data: DeliveryJob): boolean {
  return data.goesOn === true;
}

/** A job for whichever event is the next of a message group. */
export function groupJob(orderKey: string): JobInsert<DeliveryJob> {
  return deliveryJob(continuingGroup({ eventId: '', orderKey }));
}
