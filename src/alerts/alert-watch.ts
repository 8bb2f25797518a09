import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { scheduleExclusively } from '../jobs/scheduled-job.js';
import { PgBossService } from '../jobs/pg-boss.service.js';
import { loggableError } from '../errors/loggable-error.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { Alerts } from './alerts.js';
import { ReceiptsWatch } from './receipts-watch.js';
import { SilenceWatch } from './silence-watch.js';

/** Name of the queue, and of its schedule. */
export const ALERT_WATCH_QUEUE = 'alerts.watch';

const EVERY_MINUTE = '* * * * *';

/** Failures of one cause are over when there has been none for so long. */
const FAILURES_OVER_MS = 3_600_000;

/** Looks every minute, in one process at a time, for what no event can tell: that there are none. */
@Injectable()
export class AlertWatch implements OnApplicationBootstrap {
  readonly #logger = new Logger('PostackAlerts');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    private readonly jobs: PgBossService,
    private readonly silence: SilenceWatch,
    private readonly receipts: ReceiptsWatch,
    private readonly alerts: Alerts,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.options.role === 'accept') return;
    await scheduleExclusively(this.jobs, {
      queue: ALERT_WATCH_QUEUE,
      cron: EVERY_MINUTE,
      expireInSeconds: 300,
      run: () => this.run(),
    });
  }

  /** Looks once; runs by itself. @param now For tests. */
  async run(now: Date = new Date()): Promise<void> {
    const notSeenSince = new Date(now.getTime() - FAILURES_OVER_MS);
    await this.#try('silence', () => this.silence.run(now));
    await this.#try('missing receipts', () => this.receipts.run(now));
    await this.#try('failures that are over', () =>
      this.alerts.resolve({ kind: 'failure', notSeenSince }, now),
    );
  }

  /** What cannot be looked for does not keep the rest from it. */
  async #try(what: string, look: () => Promise<unknown>): Promise<void> {
    try {
      await look();
    } catch (error) {
      this.#logger.error(
        `Looking for ${what} failed, and is tried again in a minute: ${loggableError(error)}`,
      );
    }
  }
}
