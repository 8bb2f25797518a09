import { Injectable, Logger } from '@nestjs/common';
import type { Job } from '../jobs/queue.js';
import type { EntityManager } from 'typeorm';
import { RETRY_FOR_A_DAY } from '../jobs/pg-boss.service.js';
import type { Queue } from '../jobs/queue.js';
import { Workers } from '../jobs/workers.js';
import { ObserverNotices } from '../dispatch/observer-notices.js';
import { loggableError } from '../errors/loggable-error.js';
import { PostackDatabase } from '../database/postack-database.js';
import { AlertRaised, AlertResolved } from './alert-events.js';
import { AlertEntity } from './alert.entity.js';
import { postAlert, type AlertChange } from './alert-webhook.js';
import { AlertsOptions } from './alerts.options.js';

/** Data of a job that reports an alert. */
export interface AlertNotice {
  /** `AlertEntity.id`. */
  id: string;
  change: AlertChange;
  /** The log and the observers, or the configured webhook. */
  to: 'observers' | 'webhook';
}

/** Reports alerts to the log, observers and the webhook, by jobs: a notice is not lost when the process dies. */
@Injectable()
export class AlertNotices {
  readonly #logger = new Logger('PostackAlerts');
  readonly #queue: Queue<AlertNotice>;

  constructor(
    private readonly options: AlertsOptions,
    private readonly database: PostackDatabase,
    private readonly observers: ObserverNotices,
    workers: Workers,
  ) {
    this.#queue = workers.queue('alerts.notices', RETRY_FOR_A_DAY);
    this.#queue.process((job) => this.#deliver(job), { pollSeconds: 1 });
  }

  /** Connects pg-boss and creates the queue, once. */
  prepare(): Promise<void> {
    return this.#queue.prepare();
  }

  /** Enqueues the notices of alerts; they are delivered after the transaction of `manager` commits. */
  async send(ids: readonly string[], change: AlertChange, manager: EntityManager): Promise<void> {
    const to = this.options.target ? (['observers', 'webhook'] as const) : (['observers'] as const);
    const notices = ids.flatMap((id) => to.map((one): AlertNotice => ({ id, change, to: one })));
    await this.#queue.sendAll(notices, { manager });
  }

  /** @throws to have the job retried. */
  async #deliver(job: Job<AlertNotice>): Promise<void> {
    const { id, change, to } = job.data;
    const alert = await this.database.repository(AlertEntity).findOneBy({ id });
    if (!alert) return;
    if (to === 'webhook') return this.#post(alert, change, job);
    const raised = change === 'raised';
    this.#logger[raised ? 'warn' : 'log'](`Alert ${change}: ${alert.summary} (alert ${id})`);
    const notice = raised ? new AlertRaised(alert) : new AlertResolved(alert);
    this.observers.notify(raised ? AlertRaised.notice : AlertResolved.notice, notice);
  }

  async #post(alert: AlertEntity, change: AlertChange, job: Job<AlertNotice>): Promise<void> {
    if (!this.options.target) return;
    // The receiver gets only the resolution of an alert that ended before it could be posted.
    if (change === 'raised' && alert.state === 'resolved') return;
    try {
      await postAlert(this.options.target, alert, change, job.signal);
      await this.#record(alert.id, change, 'delivered');
    } catch (error) {
      const isLast = job.retryCount >= job.retryLimit;
      const next = isLast ? 'no attempts left' : 'will retry';
      this.#logger.warn(`Webhook failed for alert ${alert.id}; ${next}: ${loggableError(error)}`);
      if (isLast) await this.#record(alert.id, change, 'failed');
      throw error;
    }
  }

  /** Records the result, unless the alert is in another state by now. */
  async #record(id: string, change: AlertChange, webhook: 'delivered' | 'failed'): Promise<void> {
    const state = change === 'raised' ? 'open' : 'resolved';
    await this.database.repository(AlertEntity).update({ id, state }, { webhook });
  }
}
