import type { OptOutScope } from './opt-outs.options.js';
import type { OptOutEntity } from './opt-out.entity.js';

/** What decides between two states. */
export type OptOutMark = Pick<OptOutEntity, 'optedOut' | 'since'>;

/** A state of one peer. */
export type OptOutState = OptOutMark & Pick<OptOutEntity, 'ownNumber'>;

/** Whether `a` counts, and not `b`: the later one; at the same time, the one that opts out. */
export function outweighs(a: OptOutMark, b: OptOutMark): boolean {
  const difference = a.since.getTime() - b.since.getTime();
  return difference > 0 || (difference === 0 && a.optedOut && !b.optedOut);
}

/**
 * Whether a peer must not be written to from an own number.
 *
 * @param states Of this peer, all of them.
 * @param ownNumber Empty for all own numbers: whether there is any from which the peer must not be written to.
 */
export function isOptedOut(states: readonly OptOutState[], ownNumber: string, scope: OptOutScope): boolean {
  if (scope === 'all') return latest(states)?.optedOut ?? false;
  const numbers = ownNumber === '' ? states.map((state) => state.ownNumber) : [ownNumber];
  return numbers.some(
    (number) =>
      latest(states.filter((state) => state.ownNumber === number || state.ownNumber === ''))?.optedOut,
  );
}

function latest(states: readonly OptOutState[]): OptOutState | undefined {
  return states.reduce<OptOutState | undefined>(
    (best, state) => (best === undefined || outweighs(state, best) ? state : best),
    undefined,
  );
}
