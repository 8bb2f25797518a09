import { AbstractLogger } from 'typeorm';

/** Counts the statements that name a table. */
export class QueryCounter extends AbstractLogger {
  count = 0;

  constructor(private readonly table: string) {
    super('all');
  }

  override logQuery(query: string): void {
    if (query.includes(this.table)) this.count += 1;
  }

  protected override writeLog(): void {}
}
