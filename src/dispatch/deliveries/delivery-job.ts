import type { Job, JobInsert } from 'pg-boss';

/** What a job of a worker says: which event is to be handled. */
export interface DeliveryJob {
  /** `InboxEventEntity.id`. */
  eventId: string;
  /** `HandlerOutcomeEntity.delivery` that the job belongs to; absent for 0. */
  delivery?: number;
  /** Of an ordered listener: the line of which the first event is to be handled, whichever that is. */
  orderKey?: string;
  /**
   * Of an ordered listener: other jobs of the line may have been dropped while its first event waited for a retry,
   * so that this one has to keep the line going.
   */
  goesOn?: boolean;
}

/** A job that pg-boss has given to this process. */
export type FetchedJob = Job<DeliveryJob>;

/** Live events go before those that somebody has handed out again. */
const REPEATED_PRIORITY = -1;

/** What to insert for it; to be fetched at once, unless told otherwise. */
export function deliveryJob(data: DeliveryJob, startAfter?: Date): JobInsert<DeliveryJob> {
  return {
    data,
    ...(startAfter && { startAfter }),
    ...(data.delivery !== undefined && data.delivery > 0 && { priority: REPEATED_PRIORITY }),
    ...(data.orderKey !== undefined && { singletonKey: data.orderKey }),
  };
}

/** The job that keeps a line going with whatever comes next in it. */
export function groupJob(orderKey: string): JobInsert<DeliveryJob> {
  return deliveryJob({ eventId: '', orderKey, goesOn: true });
}
