import type { SimulatedEvent } from './simulated-event.js';

/** An event of a storm. */
export interface StormEvent extends Omit<SimulatedEvent, 'timestamp'> {
  /** After the beginning of the storm, before scaling. */
  happensAtMs: number;
}

/** One delivery of an event. */
export interface StormStep {
  /** When, after the beginning of the storm, before scaling. */
  atMs: number;
  event: StormEvent;
  /** How far the signed timestamp is from the clock. */
  clockSkewMs: number;
  hasWrongSignature: boolean;
  /** After so long, the connection is cut; `null`: it is not. */
  hangUpAfterMs: number | null;
  /** What the receiver has to answer: 2xx or 401; `unknown` when the connection is cut. */
  answer: 'accepted' | 'refused' | 'unknown';
}
