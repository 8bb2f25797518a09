import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { waitUntil } from '../support/wait-until.js';

/** The path of the program, if it is installed: `apt-get install pgbouncer`. */
export function findPgBouncer(): string | undefined {
  for (const path of ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer']) {
    try {
      execFileSync(path, ['--version'], { stdio: 'ignore' });
      return path;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** A PgBouncer in transaction mode in front of a database. */
export class PgBouncer {
  private constructor(
    /** Of the same database, by way of PgBouncer. */
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {}

  static async start(program: string, databaseUrl: string): Promise<PgBouncer> {
    const { hostname, port, username, password, pathname } = new URL(databaseUrl);
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-pgbouncer-'));
    const listenPort = await freePort();
    const file = join(directory, 'pgbouncer.ini');
    await writeFile(
      file,
      [
        '[databases]',
        `* = host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}`,
        '[pgbouncer]',
        `listen_addr = 127.0.0.1\nlisten_port = ${listenPort}\nunix_socket_dir =`,
        'auth_type = any\npool_mode = transaction\ndefault_pool_size = 5\nmax_client_conn = 200',
      ].join('\n'),
    );
    const isRoot = process.getuid?.() === 0;
    // It refuses to run as root.
    if (isRoot) {
      await chmod(directory, 0o755);
      await chmod(file, 0o644);
    }
    const child = spawn(program, [...(isRoot ? ['--user', 'nobody'] : []), '--quiet', file], {
      stdio: 'ignore',
    });
    const url = `postgres://${username}:unused@127.0.0.1:${listenPort}${pathname}`;
    const bouncer = new PgBouncer(url, child, directory);
    await waitUntil(
      async () => {
        const client = new Client({ connectionString: url });
        client.on('error', () => undefined);
        return client.connect().then(
          () => client.end().then(() => true),
          () => undefined,
        );
      },
      { what: () => `PgBouncer at port ${listenPort} to take connections` },
    );
    return bouncer;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGINT');
    if (this.child.exitCode === null) await once(this.child, 'exit');
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
