import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../dist/src/service/embedded-postgres/embedded-postgres.js';

/** One PostgreSQL for the whole run; every test file makes a database of its own in it. */
export default async function startPostgres() {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-test-'));
  const postgres = await EmbeddedPostgres.start(directory);
  process.env.TEST_POSTGRES_URL = postgres.url;
  globalThis.testPostgres = { postgres, directory };
}
