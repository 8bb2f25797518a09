import type { EventParser } from '../events/event-parser.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { parseJson, type JsonValue } from '../events/json.js';
import { leavesOf, type Leaf } from './payload-leaves.js';

/** A body that came in. */
export interface Sample {
  body: Buffer;
  leaves: readonly Leaf[];
  /** The same for bodies with the same paths. */
  shape: string;
}

/** A path with the values that it has in several bodies. */
export interface PathValues {
  path: string;
  values: Leaf['value'][];
}

export function sampleOf(body: Buffer): Sample {
  const leaves = leavesOf(payloadIn(body));
  const paths = leaves.map(({ path }) => path);
  return { body, leaves, shape: paths.sort().join(' ') };
}

export function pathsOf(samples: readonly Sample[]): PathValues[] {
  const byPath = Map.groupBy(
    samples.flatMap(({ leaves }) => leaves),
    ({ path }) => path,
  );
  return [...byPath].map(([path, leaves]) => ({ path, values: leaves.map(({ value }) => value) }));
}

/** As it is read with the mapping of this parser; `null` if it would be quarantined. */
export function readSample({ body }: Sample, parser: EventParser): AnyPostackEvent | null {
  const parsed = parser.inspect(body);
  if (!parsed.ok) return null;
  const at = parsed.occurredAt ?? new Date(0);
  const envelope = { id: '', endpoint: '', wireType: parsed.wireType, occurredAt: at, receivedAt: at };
  return parser.parse(envelope, body);
}

/** A body that is no JSON has no paths. */
function payloadIn(body: Buffer): JsonValue {
  try {
    return parseJson(body.toString('utf8'));
  } catch {
    return null;
  }
}
