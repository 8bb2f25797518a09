import { Injectable, Logger } from '@nestjs/common';
import { Workers } from '../jobs/workers.js';
import { loggableError } from '../errors/loggable-error.js';
import { Alerts } from './alerts.js';
import { ReceiptsWatch } from './receipts-watch.js';
import { UnrecognizedWatch } from './unrecognized-watch.js';
import { SilenceWatch } from './silence-watch.js';

/** A failure alert is resolved after this time without such a failure. */
const RESOLVE_AFTER_MS = 3_600_000;

/**
 * Checks every minute, in one process at a time, for missing events and receipts, for events that are not recognized, and for
 * failures that have ended.
 */
@Injectable()
export class AlertWatch {
  readonly #logger = new Logger('PostackAlerts');

  constructor(
    private readonly silence: SilenceWatch,
    private readonly receipts: ReceiptsWatch,
    private readonly unrecognized: UnrecognizedWatch,
    private readonly alerts: Alerts,
    workers: Workers,
  ) {
    workers.schedule({
      name: 'alerts.watch',
      title: 'Alert check',
      cron: '* * * * *',
      nextRun: 'in 1 minute',
      expireInSeconds: 300,
      run: () => this.run(),
      logger: 'PostackAlerts',
    });
  }

  /** Scheduled every minute. @param now For tests. */
  async run(now: Date = new Date()): Promise<void> {
    const notSeenSince = new Date(now.getTime() - RESOLVE_AFTER_MS);
    await this.#check('missing events', () => this.silence.run(now));
    await this.#check('missing receipts', () => this.receipts.run(now));
    await this.#check('unrecognized events', () => this.unrecognized.run(now));
    await this.#check('ended failures', () => this.alerts.resolve({ kind: 'failure', notSeenSince }, now));
  }

  /** A check that fails does not prevent the others. */
  async #check(subject: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#logger.error(`Check for ${subject} failed; next check in 1 minute: ${loggableError(error)}`);
    }
  }
}
