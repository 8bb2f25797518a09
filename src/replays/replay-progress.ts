/** What one transaction of a replay has done. */
export interface ReplayProgress {
  /** `InboxEventEntity.id` of its last event. */
  position: string;
  /** Events redelivered, or read otherwise. */
  count: number;
  /** Whether no event is left. */
  isDone: boolean;
}
