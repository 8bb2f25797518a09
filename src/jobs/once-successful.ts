/**
 * Makes a function that runs `run` once for all its callers: those that come while it runs, or later, share its
 * result. After a failure, the next caller has it run again.
 */
export function onceSuccessful(run: () => Promise<void>): () => Promise<void> {
  let shared: Promise<void> | undefined;
  return () => {
    shared ??= run().catch((error: unknown) => {
      shared = undefined;
      throw error;
    });
    return shared;
  };
}
