import type { DataSource, FindOptionsWhere, SelectQueryBuilder } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import { decodeCursor, encodeCursor, InvalidCursorError, type Page } from '../database/paging.js';
import { tableName } from '../database/table-name.js';
import type { OptOutScope } from '../replies/reply-options.js';
import { OptOutEntity } from './opt-out.entity.js';
import { OptOutEvidenceEntity } from './opt-out-evidence.entity.js';

/** What to list of the current state. */
export interface OptOutFilter {
  /** About this person. */
  peer?: string;
  /** About this own number, or all of them. */
  ownNumber?: string;
  /** Who is opted out, or who is in again. Default `true`. */
  isOptedOut?: boolean;
  /** Decided by something that happened at or after. */
  since?: Date;
  /** Page size. Default 50. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

/** Which page of entries. */
export type EntriesFilter = Pick<OptOutFilter, 'limit' | 'cursor'>;

/** What `Date.toISOString` gives, which is what a cursor is made of. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** States that decide: those that no later one outweighs, as `isOptedOut` has it. One for each peer and own number. */
export function decidingStates(
  dataSource: DataSource,
  scope: OptOutScope,
  optedOut: boolean,
): SelectQueryBuilder<OptOutEntity> {
  const counts = scope === 'all' ? '' : `AND later.own_number = ''`;
  return dataSource
    .getRepository(OptOutEntity)
    .createQueryBuilder('state')
    .where('state.optedOut = :optedOut', { optedOut })
    .andWhere(
      `NOT EXISTS (
         SELECT FROM ${tableName(dataSource, OptOutEntity)} AS later
         WHERE later.peer = state.peer ${counts} AND
           (later.since, later.opted_out, later.own_number) > (state.since, state.optedOut, state.ownNumber)
       )`,
    );
}

/** A page of the current state. @throws {InvalidCursorError} */
export async function statesPage(
  dataSource: DataSource,
  scope: OptOutScope,
  { peer, ownNumber, isOptedOut = true, since, limit = 50, cursor }: OptOutFilter,
): Promise<Page<OptOutEntity>> {
  const query = decidingStates(dataSource, scope, isOptedOut)
    .orderBy({ 'state.since': 'DESC', 'state.peer': 'DESC', 'state.ownNumber': 'DESC' })
    .limit(limit + 1);
  if (peer !== undefined) query.andWhere('state.peer = :peer', { peer: normalizePhoneNumber(peer) });
  if (ownNumber !== undefined) {
    query.andWhere(`state.ownNumber IN (:ownNumber, '')`, { ownNumber: normalizePhoneNumber(ownNumber) });
  }
  if (since) query.andWhere('state.since >= :since', { since });
  if (cursor !== undefined) {
    const { at, last, own } = decodeCursor(cursor, ['at', 'last', 'own']);
    if (!ISO_TIME.test(at) || Number.isNaN(Date.parse(at)) || `${last}${own}`.includes('\0')) {
      throw new InvalidCursorError();
    }
    query.andWhere('(state.since, state.peer, state.ownNumber) < (:at::timestamptz, :last, :own)', {
      ...{ at, last, own },
    });
  }
  return pageOf(await query.getMany(), limit, ({ since: at, peer: last, ownNumber: own }) => ({
    at: at.toISOString(),
    ...{ last, own },
  }));
}

/** A page of the ledger, the latest first. @throws {InvalidCursorError} */
export async function entriesPage(
  dataSource: DataSource,
  where: FindOptionsWhere<OptOutEvidenceEntity>,
  { limit = 50, cursor }: EntriesFilter,
): Promise<Page<OptOutEvidenceEntity>> {
  const query = dataSource
    .getRepository(OptOutEvidenceEntity)
    .createQueryBuilder('entry')
    .where(where)
    .orderBy('entry.id', 'DESC')
    .limit(limit + 1);
  if (cursor !== undefined) {
    const { before } = decodeCursor(cursor, ['before']);
    if (!/^\d{1,18}$/.test(before)) throw new InvalidCursorError();
    query.andWhere('entry.id < :before', { before });
  }
  return pageOf(await query.getMany(), limit, ({ id: before }) => ({ before }));
}

/** @param rows One more than fit, when there is another page. */
function pageOf<Row>(
  rows: Row[],
  limit: number,
  positionOf: (row: Row) => Record<string, string>,
): Page<Row> {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last ? encodeCursor(positionOf(last)) : null };
}
