import { access, chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { embeddedFailure } from './embedded-failure.js';
import type { PostgresAccount } from './run-as-postgres.js';

/** The superuser that initdb creates. */
export const SUPERUSER = 'postgres';

/** Files that every database has; without one of them it cannot be started. */
const ESSENTIAL_FILES = [
  'PG_VERSION',
  'global/pg_control',
  'postgresql.conf',
  'pg_hba.conf',
  'base',
  'pg_wal',
];

/**
 * Whether a directory contains a database; `false` when it does not exist.
 *
 * @throws {ConfigurationError} when the database is incomplete.
 */
export async function isCompleteCluster(directory: string): Promise<boolean> {
  if (!(await exists(directory))) return false;
  for (const file of ESSENTIAL_FILES) {
    if (await exists(join(directory, file))) continue;
    throw embeddedFailure(
      `${directory} is incomplete: "${file}" is missing. Restore it from a backup, or delete the directory to ` +
        'start with an empty database',
    );
  }
  return true;
}

/**
 * Creates a database under a temporary name, and renames it when it is complete: an interrupted first start leaves no
 * partial database.
 *
 * @throws {ConfigurationError} when it cannot be created.
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
    // Two concurrent first starts: the other one has created the same database.
    if (await exists(join(directory, 'PG_VERSION'))) return;
    throw embeddedFailure(`the database could not be created: ${(cause as Error).message}`, cause);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

const UNFINISHED = '.initialising';

/** Removes the leftovers of killed first starts, but not the files of a process that is still running. */
async function removeUnfinished(directory: string): Promise<void> {
  const prefix = `${basename(directory)}${UNFINISHED}`;
  for (const name of await readdir(dirname(directory))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('.')[1]);
    if (pid !== process.pid && isAlive(pid)) continue;
    // Child processes of a killed start may still be writing; leftovers are harmless.
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

/** @throws {ConfigurationError} when the path cannot be checked, e.g. without permission. */
async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw embeddedFailure(
      `${path} cannot be read: ${(error as Error).message}. If it belongs to another user, such as root, run ` +
        'the service as that user, or change the owner of the files',
      error,
    );
  }
}
