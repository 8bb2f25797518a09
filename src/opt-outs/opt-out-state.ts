import type { OptOutScope } from './opt-outs.options.js';
import type { OptOutEntity } from './opt-out.entity.js';

type Decision = Pick<OptOutEntity, 'optedOut' | 'since' | 'receivedAt'>;

/** A state of one peer. */
export type OptOutState = Decision & Pick<OptOutEntity, 'ownNumber'>;

/** Whether `a` supersedes `b`: the later one does; at the same time, the one received later; then the opt-out. */
export function supersedes(a: Decision, b: Decision): boolean {
  const difference = a.since.getTime() - b.since.getTime() || receipt(a) - receipt(b);
  return difference > 0 || (difference === 0 && a.optedOut && !b.optedOut);
}

function receipt({ receivedAt }: Decision): number {
  return receivedAt?.getTime() ?? 0;
}

/**
 * Whether a peer is opted out from messages of an own number.
 *
 * @param states All states of the peer.
 * @param ownNumber Empty: whether the peer is opted out from messages of any own number.
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
    (best, state) => (best === undefined || supersedes(state, best) ? state : best),
    undefined,
  );
}
