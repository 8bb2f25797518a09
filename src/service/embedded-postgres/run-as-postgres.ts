import { execFile, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ConfigurationError } from '../../errors/configuration-error.js';

const run = promisify(execFile);

/** Account of the PostgreSQL server when this process runs as root. */
const ACCOUNT = 'postgres';

/** Our secrets, which PostgreSQL must not see, and PostgreSQL variables meant for another server. */
const NOT_PASSED_ON = /^(?:POSTACK_|DATABASE_URL|PG[A-Z])/;

interface Owner {
  uid: number;
  gid: number;
}

/** The account that runs PostgreSQL's programs. */
export interface PostgresAccount {
  /** Owner of its files; `undefined` for the account of this process. */
  owner: Owner | undefined;
  /**
   * Runs a program until it exits.
   *
   * @throws {ProgramError} when it fails.
   */
  run: (program: string, args: readonly string[]) => Promise<void>;
}

/** A program exited with a code other than 0, or was killed. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';

  constructor(
    program: string,
    readonly exitCode: number | null,
    /** Its standard error. */
    readonly output: string,
  ) {
    super(
      output || (exitCode === null ? `${program} was killed` : `${program} exited with code ${exitCode}`),
    );
  }
}

/**
 * PostgreSQL does not run as root: root runs it as the owner of the database or, for a new database, as the account
 * `postgres`, which is created if missing. Any other user runs it as themselves.
 *
 * @param paths Paths that the account must be able to read: the programs and the data directory.
 * @param cluster Directory of the database, which need not exist.
 */
export async function postgresAccount(paths: readonly string[], cluster: string): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) {
    return { owner: undefined, run: (program, args) => execute(program, args) };
  }
  const owner = (await ownerOf(cluster)) ?? (await lookUp()) ?? (await create());
  if (await canReach(owner, paths)) {
    return { owner, run: (program, args) => execute(program, args, owner) };
  }
  // E.g. below root's home directory, which other accounts cannot enter. This capability lets the account pass any
  // directory and read any file; for PostgreSQL it remains an ordinary account.
  const privileges = [
    ...['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'],
    ...['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'],
    // Without this, access(2), which initdb calls first, ignores the capability.
    ...['--securebits', '+no_setuid_fixup', '--'],
  ];
  return { owner, run: (program, args) => execute('setpriv', [...privileges, program, ...args]) };
}

/** Runs in its own session: Ctrl-C in a terminal reaches only the service, which then stops everything in order. */
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
    // Reported below, with the alternatives.
  }
  throw new ConfigurationError('Embedded PostgreSQL', [
    `PostgreSQL cannot run as root, and the account "${ACCOUNT}" could not be created. ` +
      'Run the service as a non-root user, or set DATABASE_URL to your own PostgreSQL',
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
