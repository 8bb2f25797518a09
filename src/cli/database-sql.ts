import { parseArgs } from 'node:util';
import pg from 'pg';

// `postack database-sql`: the SQL with which an administrator prepares a database for a role that may create no schema.

const USAGE = `Usage: postack database-sql --role ROLE [options]

Prints what an administrator runs once in a database whose role may not create schemas. The role makes the tables itself.

  --role ROLE            the role that the application connects with; it must exist
  --schema NAME          schema of the tables (default postack)
  --jobs-schema NAME     schema of the job queues (default postack_jobs)
  --migrations-schema NAME
                         schema in which TypeORM lists the migrations that have run (default public)`;

function main(): void {
  const { values } = parseArgs({
    options: {
      role: { type: 'string' },
      schema: { type: 'string', default: 'postack' },
      'jobs-schema': { type: 'string', default: 'postack_jobs' },
      'migrations-schema': { type: 'string', default: 'public' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (!values.role) throw new TypeError(`--role is missing\n\n${USAGE}`);
  const role = pg.escapeIdentifier(values.role);
  const [schema, jobs, migrations] = [values.schema, values['jobs-schema'], values['migrations-schema']].map(
    (name) => pg.escapeIdentifier(name),
  );
  console.log(
    [
      '-- Run in the database of the application, as its owner or as a superuser.',
      `CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${role};`,
      `CREATE SCHEMA IF NOT EXISTS ${jobs} AUTHORIZATION ${role};`,
      '-- For the table of the migrations that have run; may be revoked once it is there.',
      `GRANT USAGE, CREATE ON SCHEMA ${migrations} TO ${role};`,
    ].join('\n'),
  );
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
