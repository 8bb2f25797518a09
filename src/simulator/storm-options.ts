import { SimulatorOptionError } from './simulator-errors.js';

/** Probability of each fault, from 0 (never) to 1 (always). All default to 0. */
export interface StormFaults {
  /** Per event: it is delivered one to three more times, at the same time or later. */
  duplicates: number;
  /** Per message: its events arrive in random order. */
  reordering: number;
  /** Per event: it arrives up to 0.5 s late. */
  delay: number;
  /** Per event: its signed timestamp is off, in half of the cases by more than the tolerated 5 minutes. */
  clockSkew: number;
  /** Per event: it is delivered with a wrong signature; in half of the cases there is no correct delivery. */
  wrongSignatures: number;
  /** Per event: the connection is closed within milliseconds; it is delivered again afterwards. */
  outages: number;
}

/** Options of `planStorm` and `storm`. */
export interface StormOptions {
  /** Number of customers. At least 1. */
  customers: number;
  /** Number of SMS: about half of them inbound (one event each), half outbound (two or three events each). */
  messages: number;
  faults?: Partial<StormFaults>;
  /** Your number, at the other end of all messages. Default `+15550190000`. */
  ownNumber?: string;
  /** Duration over which the messages are spread, before scaling. Default 1000 (1 s). */
  lengthMs?: number;
}

/** Fills in defaults. @throws {SimulatorOptionError} when a value is not a probability. */
export function resolveFaults(given: Partial<StormFaults> = {}): StormFaults {
  const faults = {
    duplicates: 0,
    reordering: 0,
    delay: 0,
    clockSkew: 0,
    wrongSignatures: 0,
    outages: 0,
    ...given,
  };
  for (const [name, probability] of Object.entries(faults)) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new SimulatorOptionError(`"faults.${name}" must be a probability, from 0 to 1`);
    }
  }
  return faults;
}
