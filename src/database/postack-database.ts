import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import { runSql } from './run-sql.js';
import { withStatementTimeout } from './limited-statements.js';
import { isPooled } from './pooler.js';
import { tableName } from './table-name.js';
import { transactionWithTimeout } from './transaction-with-timeout.js';

/** How a transaction is isolated from others. */
export type IsolationLevel = 'READ COMMITTED' | 'REPEATABLE READ';

/** Time limit of a statement, the wait for a connection included. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** Time limit of a statement that reads or changes many rows: reports, exports, replays. */
const LONG_STATEMENT_TIMEOUT_MS = 5 * 60_000;

/** The host's data source, as this package uses it: its own tables, by entity, and transactions. */
@Injectable()
export class PostackDatabase {
  readonly #tables = new Map<EntityTarget<ObjectLiteral>, string>();
  readonly #limited: DataSource;
  #long: PostackDatabase | undefined;

  /**
   * @param direct A data source on the same database that reaches it without a pooler. Default: none.
   */
  constructor(
    readonly dataSource: DataSource,
    private readonly direct?: DataSource,
    statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  ) {
    this.#limited = withStatementTimeout(dataSource, statementTimeoutMs);
  }

  /** The same, for statements that may take minutes. */
  get forLongStatements(): PostackDatabase {
    return (this.#long ??= new PostackDatabase(this.dataSource, this.direct, LONG_STATEMENT_TIMEOUT_MS));
  }

  /** For what needs a session: LISTEN, and the job queues. `null` when there are only connections of a pooler. */
  get sessions(): DataSource | null {
    return this.direct ?? (isPooled(this.dataSource) ? null : this.dataSource);
  }

  /** Outside any transaction. */
  get manager(): EntityManager {
    return this.#limited.manager;
  }

  /** The table of an entity as it stands in SQL, schema and quotes included: `"postack"."inbox_event"`. */
  table(entity: EntityTarget<ObjectLiteral>): string {
    let table = this.#tables.get(entity);
    if (table === undefined) {
      table = tableName(this.dataSource.manager, entity);
      this.#tables.set(entity, table);
    }
    return table;
  }

  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity> {
    return this.manager.getRepository(entity);
  }

  /** Runs one SQL statement outside any transaction. Resolves to its rows. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as TypeORM has it: the caller knows its rows
  query<Rows = any>(sql: string, parameters?: unknown[]): Promise<Rows> {
    return runSql<Rows>(this.manager, sql, parameters);
  }

  transaction<Result>(
    run: (manager: EntityManager) => Promise<Result>,
    isolation: IsolationLevel = 'READ COMMITTED',
  ): Promise<Result> {
    return this.manager.transaction(isolation, run);
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
