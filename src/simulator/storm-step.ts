import type { SimulatedEvent } from './simulated-event.js';

/** An event of a storm. */
export interface StormEvent extends Omit<SimulatedEvent, 'timestamp'> {
  /** Time since the start of the storm, before scaling. */
  happensAtMs: number;
}

/** One delivery of an event. */
export interface StormStep {
  /** Time since the start of the storm, before scaling. */
  atMs: number;
  event: StormEvent;
  /** Offset of the signed timestamp from the clock. */
  clockSkewMs: number;
  hasWrongSignature: boolean;
  /** Time until the connection is closed; `null` if it is not. */
  hangUpAfterMs: number | null;
  /** Expected response: 2xx or 401; `unknown` when the connection is closed. */
  answer: 'accepted' | 'refused' | 'unknown';
}
