import { randomBytes, randomUUID } from 'node:crypto';
import type { Seed } from './seeded-random.js';
import { SimulatorOptionError } from './simulator-errors.js';
import type { EndpointRegistration } from './webhook-endpoints.js';

/** Options of `LocalPostack.start`; all have defaults. */
export interface LocalPostackOptions {
  /** Port of the REST API, on 127.0.0.1. Default 0: any free port. */
  port?: number;
  /** Default: a random one. */
  apiKey?: string;
  /** REST requests with the API key that are accepted in any second; further ones get 429. Not scaled. Default 10. */
  requestsPerSecond?: number;
  /**
   * Speed of the retry schedule, the messages and the overlap of secrets relative to real time; at least 1. Default 1.
   */
  timeScale?: number;
  /** Determines all ids. Default: random, because ids must differ from those of an earlier run. */
  seed?: Seed;
  /** Endpoints to register at the start. Default none; `registerEndpoint` adds more. */
  endpoints?: readonly EndpointRegistration[];
  /** Numbers that may send. Default none: any E.164 number, short code or sender name may send. */
  ownNumbers?: readonly string[];
  /** Time from accepted to sent, scaled. Default 200. */
  sentAfterMs?: number;
  /** Time from sent to delivered or undelivered, scaled. Default 800. */
  deliveredAfterMs?: number;
  /** Response time for the magic number `late`. Not scaled. Default 60,000 (1 min). */
  hangMs?: number;
  /** Time limit of an endpoint's response to a webhook. Not scaled. Default 15,000 (15 s), as with Svix. */
  answerTimeoutMs?: number;
}

/** The options with every default filled in. */
export type ResolvedLocalPostackOptions = Required<LocalPostackOptions>;

/** Smallest and largest value of each number. */
const RANGES = {
  port: [0, 65_535],
  requestsPerSecond: [1, 1_000_000],
  timeScale: [1, 1_000_000],
  sentAfterMs: [0, 86_400_000],
  deliveredAfterMs: [0, 86_400_000],
  hangMs: [0, 86_400_000],
  answerTimeoutMs: [1, 86_400_000],
} as const satisfies Partial<Record<keyof LocalPostackOptions, readonly [number, number]>>;

/** @throws {SimulatorOptionError} naming the first number that is out of range. */
export function resolveOptions(options: LocalPostackOptions): ResolvedLocalPostackOptions {
  const resolved = {
    port: options.port ?? 0,
    apiKey: options.apiKey ?? `pk_local_${randomBytes(18).toString('base64url')}`,
    requestsPerSecond: options.requestsPerSecond ?? 10,
    timeScale: options.timeScale ?? 1,
    seed: options.seed ?? randomUUID(),
    endpoints: options.endpoints ?? [],
    ownNumbers: options.ownNumbers ?? [],
    sentAfterMs: options.sentAfterMs ?? 200,
    deliveredAfterMs: options.deliveredAfterMs ?? 800,
    hangMs: options.hangMs ?? 60_000,
    answerTimeoutMs: options.answerTimeoutMs ?? 15_000,
  };
  for (const [name, [least, largest]] of Object.entries(RANGES)) {
    const value = resolved[name as keyof typeof RANGES];
    if (!(value >= least && value <= largest)) {
      throw new SimulatorOptionError(`"${name}" must be a number from ${least} to ${largest}`);
    }
  }
  return resolved;
}
