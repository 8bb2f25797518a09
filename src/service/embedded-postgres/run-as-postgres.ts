import { execFile, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ConfigurationError } from '../../errors/configuration-error.js';

const run = promisify(execFile);

/** The account that PostgreSQL runs under when this process runs as root. */
const ACCOUNT = 'postgres';

/** Settings of ours that PostgreSQL has no business knowing, and settings of PostgreSQL that are not meant for ours. */
const NOT_PASSED_ON = /^(?:POSTACK_|DATABASE_URL|PG[A-Z])/;

interface Owner {
  uid: number;
  gid: number;
}

/** Who runs PostgreSQL's programs. */
export interface PostgresAccount {
  /** Numeric ids, for the ownership of files; `undefined`: this process's own. */
  owner: Owner | undefined;
  /**
   * Runs one of PostgreSQL's programs to its end.
   *
   * @throws {ProgramError} when it fails.
   */
  run: (program: string, args: readonly string[]) => Promise<void>;
}

/** A program ended with an exit code other than 0. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';

  constructor(
    program: string,
    readonly exitCode: number | null,
    /** What it wrote to its standard error. */
    readonly output: string,
  ) {
    super(output || `${program} ended with the exit code ${exitCode ?? '(none: killed)'}`);
  }
}

/**
 * PostgreSQL refuses to run as root, so root runs it as the owner of the database or, for a new one, under the
 * account `postgres`, created when missing. Anybody else runs it as themselves.
 *
 * @param paths What that account must be able to reach: the programs and the data directory.
 * @param cluster Directory of the database, which may not be there yet.
 */
export async function postgresAccount(paths: readonly string[], cluster: string): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) {
    return { owner: undefined, run: (program, args) => execute(program, args) };
  }
  const owner = (await ownerOf(cluster)) ?? (await lookUp()) ?? (await create());
  if (await canReach(owner, paths)) {
    return { owner, run: (program, args) => execute(program, args, owner) };
  }
  // Below root's own home directory, say, which nobody else may enter. The account may then pass directories
  // and read files that are not its own, and nothing more; it stays an ordinary account to PostgreSQL.
  const privileges = [
    ...['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'],
    ...['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'],
    // Without this, access(2), which initdb asks first, disregards the capability.
    ...['--securebits', '+no_setuid_fixup', '--'],
  ];
  return { owner, run: (program, args) => execute('setpriv', [...privileges, program, ...args]) };
}

/** In a session of its own: Ctrl-C in a terminal reaches only the service, which then stops things in their order. */
function execute(program: string, args: readonly string[], owner?: Owner): Promise<void> {
  const passedOn = Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.test(name));
  const env = { ...Object.fromEntries(passedOn), LC_ALL: 'C' };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...owner,
      cwd: '/',
      env,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new ProgramError(program, code, output.trim()));
    });
  });
}

async function ownerOf(cluster: string): Promise<Owner | undefined> {
  try {
    const { uid, gid } = await stat(cluster);
    return uid === 0 ? undefined : { uid, gid };
  } catch {
    return undefined;
  }
}

async function lookUp(): Promise<Owner | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', ACCOUNT]), run('id', ['-g', ACCOUNT])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function create(): Promise<Owner> {
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

async function canReach(owner: Owner, paths: readonly string[]): Promise<boolean> {
  try {
    for (const path of paths) await run('test', ['-r', path], { ...owner, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}
