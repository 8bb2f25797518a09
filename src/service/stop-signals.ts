/** Ctrl-C under npm arrives twice, from the terminal and from npm: only a later one is a person's second. */
const SAME_PRESS_MS = 1000;

/** An npm script that runs this program in the foreground. */
const NPM_SCRIPT = /^node (?:--\S+ )*\S*(?:main|demo)\.js(?: [^&]*)?$/;

/** How often to look whether npm is still there. */
const PARENT_CHECK_MS = 500;

/**
 * Calls `stop` once, on the first SIGINT or SIGTERM; a second one ends the process at once.
 *
 * Under `npm start` also when npm's shell is gone: npm passes signals on to its shell, and most shells die of
 * them without passing them on.
 */
export function onStopSignal(stop: (reason: string) => void): void {
  let stoppingSince: number | undefined;
  const first = (reason: string) => {
    stoppingSince = Date.now();
    stop(reason);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stoppingSince === undefined) first(name);
      else if (Date.now() - stoppingSince > SAME_PRESS_MS) process.exit(130);
    });
  }
  if (!NPM_SCRIPT.test(process.env['npm_lifecycle_script'] ?? '')) return;
  const parent = process.ppid;
  setInterval(() => {
    if (stoppingSince === undefined && process.ppid !== parent) first('npm is gone');
  }, PARENT_CHECK_MS).unref();
}
