import { In, type EntityManager } from 'typeorm';
import { OptOutEntity } from './opt-out.entity.js';
import { OptOutEvidenceEntity } from './opt-out-evidence.entity.js';
import { lockPeers, stateAfter, storeStates, type OptOutEntry, type State } from './opt-out-record.js';
import { supersedes } from './opt-out-state.js';

/**
 * Removes, in the transaction of `manager`, what messages caused that were read wrongly; the states of their customers follow
 * from the entries that are left. What operators have decided stays.
 *
 * @param entries As they were recorded.
 */
export async function withdrawEntries(
  entries: readonly Pick<OptOutEntry, 'endpoint' | 'eventId' | 'peer'>[],
  manager: EntityManager,
): Promise<void> {
  const evidence = manager.getRepository(OptOutEvidenceEntity);
  await lockPeers([...new Set(entries.map(({ peer }) => peer))], manager);
  const wrong = (
    await evidence.findBy({ eventId: In(entries.map(({ eventId }) => eventId)), source: 'message' })
  ).filter((row) =>
    entries.some(({ endpoint, eventId }) => row.endpoint === endpoint && row.eventId === eventId),
  );
  if (wrong.length === 0) return;
  const peers = In([...new Set(wrong.map(({ peer }) => peer))]);
  const wrongIds = new Set(wrong.map(({ id }) => id));
  const decisions = await evidence.find({
    where: { peer: peers, action: In(['opt-out', 'opt-in']) },
    order: { occurredAt: 'ASC', receivedAt: { direction: 'ASC', nulls: 'FIRST' }, id: 'ASC' },
  });
  const states = new Map<string, State>();
  for (const entry of decisions.filter(({ id }) => !wrongIds.has(id))) {
    const isOut = [...states.values()].some(({ peer, optedOut }) => peer === entry.peer && optedOut);
    // Recorded only because of a wrong opt-out.
    if (entry.action === 'opt-in' && entry.source === 'message' && !isOut) {
      wrong.push(entry);
      continue;
    }
    const state = stateAfter(entry);
    const before = states.get(keyOf(state));
    if (!before || !supersedes(before, state)) states.set(keyOf(state), state);
  }
  await evidence.delete(wrong.map(({ id }) => id));
  const eventIds = new Set(wrong.map(({ eventId }) => eventId));
  const stale = (await manager.findBy(OptOutEntity, { peer: peers, source: 'message' })).filter(
    ({ eventId }) => eventIds.has(eventId),
  );
  for (const { peer, ownNumber } of stale) await manager.delete(OptOutEntity, { peer, ownNumber });
  const restored = stale.flatMap((state) => states.get(keyOf(state)) ?? []);
  if (restored.length > 0) await storeStates(restored, manager);
}

function keyOf({ peer, ownNumber }: Pick<State, 'peer' | 'ownNumber'>): string {
  return JSON.stringify([peer, ownNumber]);
}
