import { SimulatorOptionError } from './simulator-errors.js';

/** How likely each fault is, from 0 (never) to 1 (always). All default to 0. */
export interface StormFaults {
  /** For each event: it is delivered one to three times more, at the same time or later. */
  duplicates: number;
  /** For each message: its events arrive in any order. */
  reordering: number;
  /** For each event: it arrives up to half a second late. */
  delay: number;
  /** For each event: it is signed with a wrong time, half of them by more than the 5 minutes that are tolerated. */
  clockSkew: number;
  /** For each event: somebody delivers it with a wrong signature; in half of the cases nobody ever does rightly. */
  wrongSignatures: number;
  /** For each event: the connection is cut within milliseconds; it is delivered again afterwards. */
  outages: number;
}

/** What the storm is to be like. */
export interface StormOptions {
  /** How many people text and are texted. At least 1. */
  customers: number;
  /** How many SMS the events are about: half of them inbound (one event), half outbound (two or three). */
  messages: number;
  faults?: Partial<StormFaults>;
  /** Your number, which they all text with. Default `+15550190000`. */
  ownNumber?: string;
  /** Over how long the messages are spread, before scaling. Default 1000 (1 s). */
  lengthMs?: number;
}

/** Every probability. @throws {SimulatorOptionError} when one is none. */
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
