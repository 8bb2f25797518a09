import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { decodeCursor, encodeCursor, InvalidCursorError, type Page } from '../database/paging.js';
import { POSTACK_DATA_SOURCE } from '../database/data-source.js';
import { tableName } from '../database/table-name.js';
import type { AlertKind, AlertState, NewAlert } from './alert.js';
import { AlertEntity } from './alert.entity.js';
import { AlertNotices } from './alert-notices.js';
import { ALERT_OPTIONS, type ResolvedAlertOptions } from './alert-options.js';

/** What to list. */
export interface AlertFilter {
  state?: AlertState;
  kind?: AlertKind;
  /** Page size. Default 50. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

/** Which open alerts are over. */
export interface OverFilter {
  kind: AlertKind;
  /** Default: any. */
  key?: string;
  /** Only those that have not been noticed since. */
  notSeenSince?: Date;
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** What a person should look into. Whoever raises an alert again while it is open adds nothing but to its count. */
@Injectable()
export class Alerts {
  readonly #table: string;

  constructor(
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(ALERT_OPTIONS) private readonly options: ResolvedAlertOptions,
    private readonly notices: AlertNotices,
  ) {
    this.#table = tableName(dataSource, AlertEntity);
  }

  /**
   * Raises an alert, in the transaction of `manager`: when that commits, those who are to be told are told.
   *
   * @param at When it was noticed.
   * @returns false when it is open already.
   */
  async raise(alert: NewAlert, manager: EntityManager, at: Date = new Date()): Promise<boolean> {
    await this.notices.prepare();
    const id = randomUUID();
    const rows: { is_new: boolean }[] = await manager.query(
      `INSERT INTO ${this.#table} AS alert
         (id, kind, key, state, summary, details, opened_at, last_seen_at, webhook)
       VALUES ($1, $2, $3, 'open', $4, $5, $6, $6, $7)
       ON CONFLICT (kind, key) WHERE state = 'open' DO UPDATE SET
         summary = excluded.summary, details = excluded.details, occurrences = alert.occurrences + 1,
         last_seen_at = greatest(alert.last_seen_at, excluded.last_seen_at)
       RETURNING id = $1 AS is_new`,
      [
        id,
        alert.kind,
        alert.key,
        alert.summary,
        JSON.stringify(alert.details ?? {}),
        at.toISOString(),
        this.#webhookState(),
      ],
    );
    const isNew = rows[0]?.is_new ?? false;
    if (isNew) await this.notices.send([id], 'raised', manager);
    return isNew;
  }

  /** Resolves open alerts; whoever is to be told is told. @returns how many. */
  async resolve(over: OverFilter, at: Date = new Date()): Promise<number> {
    await this.notices.prepare();
    return this.dataSource.transaction(async (manager) => {
      const [rows]: [{ id: string }[], number] = await manager.query(
        `UPDATE ${this.#table} SET state = 'resolved', resolved_at = $4, webhook = $5
         WHERE state = 'open' AND kind = $1 AND ($2::text IS NULL OR key = $2)
           AND ($3::timestamptz IS NULL OR last_seen_at < $3)
         RETURNING id`,
        [
          over.kind,
          over.key ?? null,
          over.notSeenSince?.toISOString() ?? null,
          at.toISOString(),
          this.#webhookState(),
        ],
      );
      const ids = rows.map(({ id }) => id);
      if (ids.length > 0) await this.notices.send(ids, 'resolved', manager);
      return ids.length;
    });
  }

  /** The open alert of a kind and key; `null` when there is none. */
  findOpen(kind: AlertKind, key: string): Promise<AlertEntity | null> {
    return this.dataSource.getRepository(AlertEntity).findOneBy({ kind, key, state: 'open' });
  }

  /** Those raised last first. @throws {InvalidCursorError} */
  async list({ state, kind, limit = 50, cursor }: AlertFilter = {}): Promise<Page<AlertEntity>> {
    const query = this.dataSource
      .getRepository(AlertEntity)
      .createQueryBuilder('alert')
      .orderBy({ 'alert.openedAt': 'DESC', 'alert.id': 'DESC' })
      .limit(limit + 1);
    if (state) query.andWhere('alert.state = :state', { state });
    if (kind) query.andWhere('alert.kind = :kind', { kind });
    if (cursor !== undefined) {
      const { at, id } = decodeCursor(cursor, ['at', 'id']);
      if (Number.isNaN(Date.parse(at)) || !UUID.test(id)) throw new InvalidCursorError();
      query.andWhere('(alert.openedAt, alert.id) < (:at::timestamptz, :id::uuid)', { at, id });
    }
    const rows = await query.getMany();
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return {
      items,
      nextCursor: last ? encodeCursor({ at: last.openedAt.toISOString(), id: last.id }) : null,
    };
  }

  #webhookState(): 'off' | 'pending' {
    return this.options.webhook ? 'pending' : 'off';
  }
}
