import type { PgBossService } from './pg-boss.service.js';

/** Work that is done again and again, in one process at a time. */
export interface ScheduledWork {
  /** Name of the queue, and of its schedule. */
  queue: string;
  /** When, to the minute: five fields of cron, in UTC. */
  cron: string;
  /** More than the longest run takes. */
  expireInSeconds: number;
  run: (signal: AbortSignal | undefined) => Promise<void>;
}

/** Has work done on a schedule of pg-boss, in whichever process is there. A run that fails is not tried again. */
export async function scheduleExclusively(
  jobs: PgBossService,
  { queue, cron, expireInSeconds, run }: ScheduledWork,
): Promise<void> {
  await jobs.start();
  const { boss } = jobs;
  const options = {
    // What fails is due again soon anyway.
    retryLimit: 0,
    expireInSeconds,
    // The job of a killed process stands in the way of the next one until it is found to be dead.
    heartbeatSeconds: 30,
    retentionSeconds: 3600,
    deleteAfterSeconds: 86_400,
  };
  await boss.createQueue(queue, { ...options, policy: 'exclusive' });
  await boss.updateQueue(queue, options);
  await boss.schedule(queue, cron);
  await boss.work(queue, { pollingIntervalSeconds: 5 }, async ([job]) => {
    await run(job?.signal);
  });
}
