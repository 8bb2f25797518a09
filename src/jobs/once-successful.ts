/** Returns a function that calls `run` until it has succeeded once. Concurrent and later callers share that call. */
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
