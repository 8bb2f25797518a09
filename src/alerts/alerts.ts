import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { AlertKind, AlertState, NewAlert } from './alert.js';
import { AlertEntity } from './alert.entity.js';
import { AlertNotices } from './alert-notices.js';
import { AlertsOptions } from './alerts.options.js';

/** Selects alerts. */
export interface AlertFilter extends PageRequest {
  state?: AlertState;
  kind?: AlertKind;
}

/** Selects open alerts to be resolved. */
export interface OverFilter {
  kind: AlertKind;
  /** Default: any. */
  key?: string;
  /** Only alerts without an occurrence since this time. */
  notSeenSince?: Date;
}

/** Alerts for operators. Raising an alert that is already open only updates it and counts the occurrence. */
@Injectable()
export class Alerts {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: AlertsOptions,
    private readonly notices: AlertNotices,
  ) {}

  /**
   * Raises an alert, in the transaction of `manager`. It is reported after the commit.
   *
   * @param at Time of the occurrence.
   * @returns `false` if it is already open.
   */
  async raise(alert: NewAlert, manager: EntityManager, at: Date = new Date()): Promise<boolean> {
    await this.notices.prepare();
    const id = randomUUID();
    const rows: { is_new: boolean }[] = await runSql(
      manager,
      `INSERT INTO ${this.database.table(AlertEntity)} AS alert
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

  /** Resolves open alerts and reports it. @returns the number of resolved alerts. */
  async resolve(over: OverFilter, at: Date = new Date()): Promise<number> {
    await this.notices.prepare();
    return this.database.transaction(async (manager) => {
      const [rows]: [{ id: string }[], number] = await runSql(
        manager,
        `UPDATE ${this.database.table(AlertEntity)} SET state = 'resolved', resolved_at = $4, webhook = $5
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

  findOpen(kind: AlertKind, key: string): Promise<AlertEntity | null> {
    return this.database.repository(AlertEntity).findOneBy({ kind, key, state: 'open' });
  }

  /** Latest alerts first. @throws {InvalidCursorError} */
  list({ state, kind, ...page }: AlertFilter = {}): Promise<Page<AlertEntity>> {
    const query = this.database.repository(AlertEntity).createQueryBuilder('alert');
    if (state) query.andWhere('alert.state = :state', { state });
    if (kind) query.andWhere('alert.kind = :kind', { kind });
    return keysetPage(
      query,
      [
        { column: 'alert.openedAt', type: 'timestamptz', of: ({ openedAt }) => openedAt },
        { column: 'alert.id', type: 'uuid', of: ({ id }) => id },
      ],
      page,
    );
  }

  #webhookState(): 'off' | 'pending' {
    return this.options.target ? 'pending' : 'off';
  }
}
