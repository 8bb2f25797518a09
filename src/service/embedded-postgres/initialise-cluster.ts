import { access, chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { embeddedFailure } from './embedded-failure.js';
import type { PostgresAccount } from './run-as-postgres.js';

/** The superuser that initdb makes. */
export const SUPERUSER = 'postgres';

/** Files that are there from a database's first second to its last; without one, it is none. */
const ESSENTIAL_FILES = [
  'PG_VERSION',
  'global/pg_control',
  'postgresql.conf',
  'pg_hba.conf',
  'base',
  'pg_wal',
];

/**
 * Whether there is a database in a directory; false when there is nothing at all.
 *
 * @throws {ConfigurationError} when it is not whole.
 */
export async function isWholeCluster(directory: string): Promise<boolean> {
  if (!(await exists(directory))) return false;
  for (const file of ESSENTIAL_FILES) {
    if (await exists(join(directory, file))) continue;
    throw embeddedFailure(
      `${directory} is not a whole database: "${file}" is missing. Restore it from a backup; or, if you need ` +
        'nothing of it, delete that directory and start again',
    );
  }
  return true;
}

/**
 * Creates a database, under another name until it is whole: a first start that is cut off leaves nothing
 * half-made behind.
 *
 * @throws {ConfigurationError} when that fails.
 */
export async function initialiseCluster(
  directory: string,
  password: string,
  initdb: string,
  { owner, run }: PostgresAccount,
): Promise<void> {
  await removeUnfinished(directory);
  const unfinished = `${directory}${UNFINISHED}.${process.pid}`;
  const passwordFile = `${unfinished}.password`;
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (owner) {
      await chown(unfinished, owner.uid, owner.gid);
      await chown(passwordFile, owner.uid, owner.gid);
    }
    const settings = [`--username=${SUPERUSER}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'];
    await run(initdb, [...settings, `--pgdata=${unfinished}`, `--pwfile=${passwordFile}`]);
    await rename(unfinished, directory);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    // Two first starts at once: the other one was faster, and made the very same.
    if (await exists(join(directory, 'PG_VERSION'))) return;
    throw embeddedFailure(`the database could not be created: ${(cause as Error).message}`, cause);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

const UNFINISHED = '.initialising';

/** What first starts have left behind that were killed; not what another process is working on. */
async function removeUnfinished(directory: string): Promise<void> {
  const prefix = `${basename(directory)}${UNFINISHED}`;
  for (const name of await readdir(dirname(directory))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('.')[1]);
    if (pid !== process.pid && isAlive(pid)) continue;
    // What is left of a killed start may still be writing; it harms nobody.
    await rm(join(dirname(directory), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** @throws {ConfigurationError} when that cannot be known, for example for lack of permission. */
async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw embeddedFailure(
      `${path} cannot be read: ${(error as Error).message}. Was it made by another user, such as root? Start ` +
        'the service as that user, or change the owner of the files',
      error,
    );
  }
}
