import { In, IsNull, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { tableName } from '../database/table-name.js';
import type { OptOutScope } from './opt-outs.options.js';
import { liftOptedIn } from '../suppressions/suppression-record.js';
import { OptOutEntity } from './opt-out.entity.js';
import { OptOutEvidenceEntity } from './opt-out-evidence.entity.js';
import { normalWords } from './normal-words.js';
import { isOptedOut, supersedes } from './opt-out-state.js';

/** An entry to record. */
export type OptOutEntry = Pick<
  OptOutEvidenceEntity,
  | 'peer'
  | 'ownNumber'
  | 'action'
  | 'source'
  | 'keyword'
  | 'endpoint'
  | 'eventId'
  | 'reason'
  | 'occurredAt'
  | 'receivedAt'
>;

/** An entry that was recorded. */
export type RecordedEntry = OptOutEntry & Pick<OptOutEvidenceEntity, 'changed'>;

/** The same with when it was resolved: a review that needs no decision of its own is, at once. */
type StoredEntry = RecordedEntry & Pick<OptOutEvidenceEntity, 'resolvedAt'>;

/** A state to store. */
export type State = Omit<OptOutEntity, 'updatedAt'>;

/** First key of the advisory locks of this file: arbitrary, but not used elsewhere. `LOCKS` limits them per transaction. */
const LOCK_SPACE = 0x6f707431;
const LOCKS = 1024;

/**
 * Records entries in the ledger and updates the states, in the transaction of `manager`. The entry with the latest time
 * decides, in whatever order entries are recorded; of two at the same time, the one received later. Entries without meaning
 * are skipped:
 *
 * - an opt-in by message from a customer who was not opted out: YES is an everyday answer
 * - an imported opt-out of a number that is opted out already, or has opted in since
 *
 * An opt-in also ends a suppression for an opt-out at the carrier, and an opt-out closes the customer's open review.
 *
 * @returns the recorded entries.
 */
export async function recordEntries(
  entries: readonly OptOutEntry[],
  scope: OptOutScope,
  manager: EntityManager,
): Promise<RecordedEntry[]> {
  const peers = [...new Set(entries.map(({ peer }) => peer))];
  await lockPeers(peers, manager);
  const stored: State[] = await manager
    .createQueryBuilder(OptOutEntity, 'state')
    .where('state.peer = ANY (:peers)', { peers })
    .getMany();
  const states = Map.groupBy(stored, ({ peer }) => peer);
  const changed = new Set<State>();
  const recorded: RecordedEntry[] = [];
  for (const entry of entries.toSorted(byTime)) {
    const known = states.get(entry.peer) ?? [];
    const { record, state } = judge(entry, known, scope, changed);
    if (record) recorded.push(record);
    if (!state) continue;
    const replaced = known.find(({ ownNumber }) => ownNumber === state.ownNumber);
    if (replaced) changed.delete(replaced);
    changed.add(state);
    states.set(entry.peer, [...known.filter((other) => other !== replaced), state]);
  }
  const isOut = ({ peer, ownNumber }: OptOutEntry) =>
    isOptedOut(states.get(peer) ?? [], ownNumber ?? '', scope);
  if (recorded.length > 0) {
    await insertEvidence(await withReviews(recorded, isOut, manager), manager);
    await closeReviews(
      recorded.filter(({ action }) => action === 'opt-out').map(({ peer }) => peer),
      manager,
    );
  }
  if (changed.size > 0) await storeStates([...changed], manager);
  const optIns = entries.filter(({ action }) => action === 'opt-in');
  if (optIns.length > 0) await liftOptedIn(optIns, manager);
  return recorded;
}

/** One review of a customer is open at a time, and none of a customer who is opted out. */
async function withReviews(
  entries: readonly RecordedEntry[],
  isOut: (entry: OptOutEntry) => boolean,
  manager: EntityManager,
): Promise<StoredEntry[]> {
  const peers = entries.filter(({ action }) => action === 'review').map(({ peer }) => peer);
  const open = peers.length === 0 ? [] : await manager.findBy(OptOutEvidenceEntity, openReviewsOf(peers));
  const covered = new Set(open.map(({ peer }) => peer));
  return entries.map((entry) => {
    if (entry.action !== 'review') return { ...entry, resolvedAt: null };
    const isCovered = covered.has(entry.peer) || isOut(entry);
    covered.add(entry.peer);
    return { ...entry, resolvedAt: isCovered ? new Date() : null };
  });
}

/** Closes the open reviews of customers. */
export async function closeReviews(peers: readonly string[], manager: EntityManager): Promise<void> {
  if (peers.length === 0) return;
  await manager.update(OptOutEvidenceEntity, openReviewsOf(peers), { resolvedAt: new Date() });
}

function openReviewsOf(peers: readonly string[]): FindOptionsWhere<OptOutEvidenceEntity> {
  return { peer: In([...peers]), action: 'review', resolvedAt: IsNull() };
}

/**
 * Decides whether an entry is recorded, and whether it replaces a state, given the known states of its peer.
 *
 * @param recent States that follow from earlier entries of the same call: of two at the same time, the order decides.
 */
function judge(
  entry: OptOutEntry,
  known: readonly State[],
  scope: OptOutScope,
  recent: ReadonlySet<State>,
): { record?: RecordedEntry; state?: State } {
  const { action, source, ownNumber } = entry;
  if (action !== 'opt-out' && action !== 'opt-in') return { record: { ...entry, changed: false } };
  const wasOut = known.some(({ optedOut, since }) => optedOut && since <= entry.occurredAt);
  if (source === 'message' && action === 'opt-in' && !wasOut) return {};
  const occurredAt = source === 'admin' ? afterAll(known, entry.occurredAt) : entry.occurredAt;
  const state = stateAfter({ ...entry, occurredAt });
  const before = known.find((other) => other.ownNumber === state.ownNumber);
  const decides =
    before === undefined ||
    supersedes(state, before) ||
    (recent.has(before) && !supersedes(before, { ...state, optedOut: true }));
  if (source === 'import' && (!decides || before?.optedOut)) return {};
  const after = decides ? [...known.filter((other) => other !== before), state] : known;
  const changed = isOptedOut(known, ownNumber ?? '', scope) !== isOptedOut(after, ownNumber ?? '', scope);
  return { record: { ...entry, occurredAt, changed }, ...(decides && { state }) };
}

/** Of the same time: in the order of receipt. */
function byTime(a: OptOutEntry, b: OptOutEntry): number {
  const receipt = ({ receivedAt }: OptOutEntry) => receivedAt?.getTime() ?? 0;
  return a.occurredAt.getTime() - b.occurredAt.getTime() || receipt(a) - receipt(b);
}

/** An operator's decision is always the latest, even if the clock of another machine is ahead. */
function afterAll(known: readonly State[], at: Date): Date {
  return new Date(Math.max(at.getTime(), ...known.map(({ since }) => since.getTime() + 1)));
}

/** The state that follows from an entry that opts out or in. */
export function stateAfter(entry: OptOutEntry): State {
  const { peer, ownNumber, action, occurredAt: since, receivedAt, source, keyword, eventId, reason } = entry;
  const optedOut = action === 'opt-out';
  const isForAll = optedOut && keyword !== null && FOR_ALL.has(normalWords(keyword));
  const state = { peer, ownNumber: isForAll ? '' : (ownNumber ?? '') };
  return { ...state, optedOut, since, receivedAt, source, keyword, eventId, reason };
}

/** Keywords that opt out of the messages of all own numbers, also where others count for one. */
const FOR_ALL = new Set(['stopall', 'stop all']);

/** Locks peers until the transaction ends; always in the same order, so that transactions cannot deadlock. */
export async function lockPeers(peers: readonly string[], manager: EntityManager): Promise<void> {
  await runSql(
    manager,
    `SELECT pg_advisory_xact_lock($1, lock) FROM (
       SELECT DISTINCT abs(hashtext(peer) % $2) AS lock FROM unnest($3::text[]) AS peer ORDER BY lock
     ) AS locks`,
    [LOCK_SPACE, LOCKS, peers],
  );
}

async function insertEvidence(entries: readonly StoredEntry[], manager: EntityManager): Promise<void> {
  const table = tableName(manager, OptOutEvidenceEntity);
  const columns =
    'peer, own_number, action, source, keyword, endpoint, event_id, reason, occurred_at, received_at, changed, resolved_at';
  const rows = entries.map(({ ownNumber, eventId, occurredAt, receivedAt, resolvedAt, ...entry }) => ({
    ...entry,
    resolved_at: resolvedAt,
    own_number: ownNumber,
    event_id: eventId,
    occurred_at: occurredAt,
    received_at: receivedAt,
  }));
  await runSql(
    manager,
    `INSERT INTO ${table} (${columns})
     SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)
     ON CONFLICT (endpoint, event_id, action) DO NOTHING`,
    [JSON.stringify(rows)],
  );
}

export async function storeStates(states: readonly State[], manager: EntityManager): Promise<void> {
  const table = tableName(manager, OptOutEntity);
  const columns = 'peer, own_number, opted_out, since, received_at, source, keyword, event_id, reason';
  const rows = states.map(({ ownNumber, optedOut, eventId, receivedAt, ...state }) => ({
    ...state,
    own_number: ownNumber,
    opted_out: optedOut,
    event_id: eventId,
    received_at: receivedAt,
  }));
  await runSql(
    manager,
    `INSERT INTO ${table} AS state (${columns})
     SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)
     ON CONFLICT (peer, own_number) DO UPDATE SET
       (opted_out, since, received_at, source, keyword, event_id, reason, updated_at) =
       (excluded.opted_out, excluded.since, excluded.received_at, excluded.source, excluded.keyword, excluded.event_id, excluded.reason,
        now())`,
    [JSON.stringify(rows)],
  );
}
