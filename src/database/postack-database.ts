import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import { tableName } from './table-name.js';
import { transactionWithTimeout } from './transaction-with-timeout.js';

/** How a transaction is isolated from others. */
export type IsolationLevel = 'READ COMMITTED' | 'REPEATABLE READ';

/** The host's data source, as this package uses it: its own tables, by entity, and transactions. */
@Injectable()
export class PostackDatabase {
  readonly #tables = new Map<EntityTarget<ObjectLiteral>, string>();

  constructor(readonly dataSource: DataSource) {}

  /** Outside any transaction. */
  get manager(): EntityManager {
    return this.dataSource.manager;
  }

  /** The table of an entity as it stands in SQL, schema and quotes included: `"postack"."inbox_event"`. */
  table(entity: EntityTarget<ObjectLiteral>): string {
    let table = this.#tables.get(entity);
    if (table === undefined) {
      table = tableName(this.dataSource, entity);
      this.#tables.set(entity, table);
    }
    return table;
  }

  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity> {
    return this.dataSource.getRepository(entity);
  }

  /** Runs one SQL statement outside any transaction. Resolves to its rows. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as TypeORM has it: the caller knows its rows
  query<Rows = any>(sql: string, parameters?: unknown[]): Promise<Rows> {
    return this.dataSource.query<Rows>(sql, parameters);
  }

  transaction<Result>(
    run: (manager: EntityManager) => Promise<Result>,
    isolation: IsolationLevel = 'READ COMMITTED',
  ): Promise<Result> {
    return this.dataSource.transaction(isolation, run);
  }

  /** As `transaction`, rolled back after `timeoutMs`; see `transactionWithTimeout`. */
  transactionWithTimeout<Result>(
    timeoutMs: number,
    timedOut: () => Error,
    run: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    return transactionWithTimeout(this.dataSource, timeoutMs, timedOut, run);
  }
}
