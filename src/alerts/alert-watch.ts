import { Injectable, Logger } from '@nestjs/common';
import { Workers } from '../jobs/workers.js';
import { loggableError } from '../errors/loggable-error.js';
import { Alerts } from './alerts.js';
import { ReceiptsWatch } from './receipts-watch.js';
import { SilenceWatch } from './silence-watch.js';

/** Failures of one cause are over when there has been none for so long. */
const FAILURES_OVER_MS = 3_600_000;

/** Looks every minute, in one process at a time, for what no event can tell: that there are none. */
@Injectable()
export class AlertWatch {
  readonly #logger = new Logger('PostackAlerts');

  constructor(
    private readonly silence: SilenceWatch,
    private readonly receipts: ReceiptsWatch,
    private readonly alerts: Alerts,
    workers: Workers,
  ) {
    workers.schedule({
      name: 'alerts.watch',
      title: 'The check for missing events',
      cron: '* * * * *',
      nextRun: 'in 1 minute',
      expireInSeconds: 300,
      run: () => this.run(),
      logger: 'PostackAlerts',
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
