import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { expectItWorks, startHost } from './host.js';

const postack = async (...args: string[]) => {
  const command = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'postack.js');
  return (await promisify(execFile)(process.execPath, [command, ...args])).stdout;
};

describe('The very first start of a host', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase({ isEmpty: true });
  });
  afterEach(() => database.drop());

  it('works when several processes run the migrations at once', async () => {
    const typeorm = { retryAttempts: 3, retryDelay: 100 };
    const hosts = await Promise.all([1, 2, 3].map(() => startHost({ url: database.url, typeorm })));
    try {
      for (const [index, host] of hosts.entries()) {
        await expectItWorks(host, `Hello ${index}`).catch((error: unknown) => {
          // Another process may have called its listener.
          if (!String(error).includes('toContain')) throw error;
        });
      }
      const twice = await database.query('SELECT name FROM migrations GROUP BY name HAVING count(*) > 1');
      expect(twice).toEqual([]);
    } finally {
      await Promise.all(hosts.map((host) => host.close()));
    }
  });

  describe('with a role that may create no schema', () => {
    const role = 'role_without_create';
    const asRole = () => {
      const url = Object.assign(new URL(database.url), { username: role, password: 'secret' });
      return url.href;
    };
    beforeEach(async () => {
      await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
      await database.query(
        `REVOKE CREATE ON DATABASE ${new URL(database.url).pathname.slice(1)} FROM PUBLIC, ${role}`,
      );
    });
    afterEach(async () => {
      await database.query(`DROP OWNED BY ${role} CASCADE`);
      await database.query(`DROP ROLE ${role}`);
    });

    it('says what an administrator has to run', async () => {
      await database.query(`GRANT CREATE ON SCHEMA public TO ${role}`);
      await expect(startHost({ url: asRole() })).rejects.toThrow(
        'the role may not create the schema "postack". Let an administrator run what ' +
          '"npx postack database-sql --role …" prints',
      );
    });

    it('works once that has been run', async () => {
      for (const statement of (await postack('database-sql', '--role', role)).split(';\n')) {
        await database.query(statement);
      }
      const host = await startHost({ url: asRole() });
      try {
        await expectItWorks(host);
      } finally {
        await host.close();
      }
    });
  });
});

describe('postack', () => {
  it('lists its commands', async () => {
    expect(await postack()).toMatch(/^Usage: postack <command>(.|\n)* database-sql +prints the SQL/);
  });

  it('says when there is no such command', async () => {
    await expect(postack('migrate')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^There is no command "migrate"\n\nUsage: postack/),
    });
  });

  it('needs a role', async () => {
    await expect(postack('database-sql')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--role is missing'),
    });
  });
});
