// Computes the figures of reports once, as one process does. With `AT` and `SIGNAL`, it sends itself that signal before its
// statement number `AT`. Prints the number of statements.
import 'reflect-metadata';
import { AbstractLogger, DataSource } from 'typeorm';
import { postackEntities } from '../../dist/src/postack.entities.js';
import { PostackDatabase } from '../../dist/src/database/postack-database.js';
import { ReportPass } from '../../dist/src/reports/report-pass.js';

const { DATABASE_URL, AT = '0', SIGNAL = 'SIGKILL' } = process.env;
let statements = 0;

class Statements extends AbstractLogger {
  constructor() {
    super('all');
  }

  logQuery() {
    statements += 1;
    if (statements === Number(AT)) process.kill(process.pid, SIGNAL);
  }

  writeLog() {}
}

const dataSource = new DataSource({ type: 'postgres', url: DATABASE_URL, entities: postackEntities() });
await dataSource.initialize();
dataSource.setOptions({ logger: new Statements() });
await new ReportPass(new PostackDatabase(dataSource), null).run();
await dataSource.destroy();
console.log(String(statements));
