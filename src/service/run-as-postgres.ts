import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ConfigurationError } from '../configuration-error.js';

const run = promisify(execFile);

/** The account that PostgreSQL runs under when this process runs as root. */
const ACCOUNT = 'postgres';

/** Who runs PostgreSQL's programs. */
export interface PostgresAccount {
  /** Numeric ids, for the ownership of files; `undefined`: this process's own. */
  owner: { uid: number; gid: number } | undefined;
  /** Runs one of PostgreSQL's programs to its end and returns what it printed. */
  run: (program: string, args: readonly string[]) => Promise<string>;
}

/**
 * PostgreSQL refuses to run as root, so root runs it under the account `postgres`, created when missing. Anybody
 * else runs it as themselves.
 *
 * @param paths What that account must be able to reach: the programs and the data directory.
 */
export async function postgresAccount(paths: readonly string[]): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) {
    return { owner: undefined, run: (program, args) => execute(program, args) };
  }
  const owner = (await lookUp()) ?? (await create());
  if (await canReach(owner, paths)) {
    return { owner, run: (program, args) => execute(program, args, owner) };
  }
  // Below root's own home directory, say, which nobody else may enter. The account may then pass directories
  // and read files that are not its own, and nothing more; it stays an ordinary account to PostgreSQL.
  const privileges = [
    ...['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'],
    ...['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override', '--'],
  ];
  return { owner, run: (program, args) => execute('setpriv', [...privileges, program, ...args]) };
}

async function execute(
  program: string,
  args: readonly string[],
  owner?: { uid: number; gid: number },
): Promise<string> {
  const { stdout } = await run(program, args, { ...owner, cwd: '/', env: { ...process.env, LC_ALL: 'C' } });
  return stdout;
}

async function lookUp(): Promise<PostgresAccount['owner']> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', ACCOUNT]), run('id', ['-g', ACCOUNT])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function create(): Promise<NonNullable<PostgresAccount['owner']>> {
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      ACCOUNT,
    ]);
    const owner = await lookUp();
    if (owner) return owner;
  } catch {
    // Told below, with the ways out.
  }
  throw new ConfigurationError('Embedded PostgreSQL', [
    `PostgreSQL does not run as root, and the account "${ACCOUNT}" could not be created. ` +
      'Run the service as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own',
  ]);
}

async function canReach(owner: { uid: number; gid: number }, paths: readonly string[]): Promise<boolean> {
  try {
    for (const path of paths) await run('test', ['-r', path], { ...owner, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}
