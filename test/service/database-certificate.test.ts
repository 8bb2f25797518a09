import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openDatabase } from '../../src/service/database.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Of a private authority, for 127.0.0.1 only; it protects nothing. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNfBLms389CmgmpUR
/u3Aed3f0ntBCQ032SgneMCuXM2hRANCAAQb0swwV090LPhroi6BfxaXfQ1/hSzo
UcR3vCEXniz2ZqWyOYJzjT27og0BAG9UpqE81iDRU/mhdvw8zjEcNiZ3
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUC5Jr8tdUu31GZ2Zwqh78aQmzSHwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNzE5MDUzN1oYDzIxMjYxMTAz
MTkwNTM3WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQb0swwV090LPhroi6BfxaXfQ1/hSzoUcR3vCEXniz2ZqWyOYJzjT27
og0BAG9UpqE81iDRU/mhdvw8zjEcNiZ3o2QwYjAdBgNVHQ4EFgQUXq3gR9dBZt6e
zR/WZAhwbzZ86vYwHwYDVR0jBBgwFoAUXq3gR9dBZt6ezR/WZAhwbzZ86vYwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
ICTTsptWcttu/Qd/b67n7xENQziIpeLI9Als4vYBl2CfAiEAjDftoe93UoSwo4aZ
HV3iFi0xAOaxJJI3Wyt+K3ULVjE=
-----END CERTIFICATE-----`;

const listen = async (server: Server, at: number | string): Promise<void> => {
  await new Promise<void>((listening) => server.listen(at as number, listening));
};

describe('DATABASE_URL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  /** Connects to the server of the tests, with TLS in front of it. */
  function serverWithTls(): Server {
    const { hostname, port } = new URL(database.url);
    return createServer((client) => {
      client.on('error', () => undefined);
      // PostgreSQL asks for it in clear text: 8 bytes, answered with one.
      client.once('data', () => {
        client.write('S');
        const secure = new TLSSocket(client, { isServer: true, key: KEY, cert: CERTIFICATE });
        pipe(secure, createConnection(Number(port), hostname));
      });
    });
  }

  function pipe(one: Socket, other: Socket): void {
    for (const socket of [one, other]) {
      socket.on('error', () => {
        one.destroy();
        other.destroy();
      });
    }
    one.pipe(other).pipe(one);
  }

  describe('of a server whose certificate is from a private authority', () => {
    let server: Server;
    let directory: string;
    const url = (query: string) => {
      const { port } = server.address() as AddressInfo;
      return Object.assign(new URL(database.url), {
        hostname: '127.0.0.1',
        port: String(port),
        search: query,
      }).href;
    };
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-tls-'));
      server = serverWithTls();
      await listen(server, 0);
    });
    afterAll(async () => {
      server.close();
      await rm(directory, { recursive: true });
    });

    it.each(['?sslmode=require', '?sslmode=verify-full'])(
      'says what to add to %s, and nothing else',
      async (query) => {
        const warnings = jest.spyOn(process, 'emitWarning');
        await expect(openDatabase(url(query))).rejects.toThrow(
          /^Database: cannot use PostgreSQL at \S+: the server's certificate is not trusted \(.+\): add sslrootcert=\/path\/to\/ca\.pem to DATABASE_URL, or sslmode=no-verify to connect without verifying it\. Check DATABASE_URL$/,
        );
        expect(warnings).not.toHaveBeenCalled();
        warnings.mockRestore();
      },
    );

    it('connects with the certificate of the authority, or without verifying', async () => {
      const file = join(directory, 'ca.pem');
      await writeFile(file, CERTIFICATE);
      for (const query of [`?sslmode=require&sslrootcert=${file}`, '?sslmode=no-verify']) {
        const dataSource = await openDatabase(url(query));
        expect(dataSource.isInitialized).toBe(true);
        await dataSource.destroy();
      }
    });
  });

  it('can name the directory of a Unix socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pg-'));
    const { hostname, port, username, password, pathname } = new URL(database.url);
    const server = createServer((client) => {
      pipe(client, createConnection(Number(port), hostname));
    });
    await listen(server, join(directory, '.s.PGSQL.5432'));
    try {
      const dataSource = await openDatabase(
        `postgres://${username}:${password}@${pathname}?host=${directory}`,
      );
      expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await dataSource.destroy();
      await expect(openDatabase(`postgres://nobody@/app?host=${directory}/none`)).rejects.toThrow(
        `cannot use PostgreSQL at ${directory}/none:5432/app: connect ENOENT`,
      );
    } finally {
      server.close();
      await rm(directory, { recursive: true });
    }
  });
});
