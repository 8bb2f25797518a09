/** Ctrl-C under npm arrives twice, from the terminal and from npm: within this time it is the same key press. */
const SAME_PRESS_MS = 1000;

/** `npm_lifecycle_script` when npm runs this program in the foreground. */
const NPM_SCRIPT = /^node (?:--\S+ )*\S*(?:main|demo)\.js(?: [^&]*)?$/;

/** Interval of the check that npm is still running. */
const PARENT_CHECK_MS = 500;

/**
 * Calls `stop` once, on the first SIGINT or SIGTERM; a second one ends the process immediately.
 *
 * Under `npm start`, also calls it when npm's shell exits: npm forwards signals to its shell, and most shells exit
 * without forwarding them.
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
    if (stoppingSince === undefined && process.ppid !== parent) first('npm exited');
  }, PARENT_CHECK_MS).unref();
}
