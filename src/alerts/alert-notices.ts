import { Injectable, Logger } from '@nestjs/common';
import type { JobWithMetadata } from 'pg-boss';
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

/** Whom a job is to tell of what. */
export interface AlertNotice {
  /** `AlertEntity.id`. */
  id: string;
  change: AlertChange;
  /** The log and the observers, or the configured webhook. */
  to: 'observers' | 'webhook';
}

/** Tells of alerts: jobs of pg-boss, so that what is raised is told of also when the process dies. */
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
    this.#queue.process((job) => this.#tell(job), { pollSeconds: 1 });
  }

  /** Connects pg-boss and creates the queue, once. */
  prepare(): Promise<void> {
    return this.#queue.prepare();
  }

  /** Sends the notices when the transaction commits. */
  async send(ids: readonly string[], change: AlertChange, manager: EntityManager): Promise<void> {
    const to = this.options.target ? (['observers', 'webhook'] as const) : (['observers'] as const);
    const notices = ids.flatMap((id) => to.map((one): AlertNotice => ({ id, change, to: one })));
    await this.#queue.sendAll(notices, { manager });
  }

  /** @throws when it is to be tried again. */
  async #tell(job: JobWithMetadata<AlertNotice>): Promise<void> {
    const { id, change, to } = job.data;
    const alert = await this.database.repository(AlertEntity).findOneBy({ id });
    if (!alert) return;
    if (to === 'webhook') return this.#post(alert, change, job);
    const raised = change === 'raised';
    this.#logger[raised ? 'warn' : 'log'](`Alert ${raised ? '' : 'resolved: '}${alert.summary}`);
    const notice = raised ? new AlertRaised(alert) : new AlertResolved(alert);
    this.observers.notify(raised ? AlertRaised.notice : AlertResolved.notice, notice);
  }

  async #post(alert: AlertEntity, change: AlertChange, job: JobWithMetadata<AlertNotice>): Promise<void> {
    if (!this.options.target) return;
    // Whoever has not heard that it began hears only that it is over.
    if (change === 'raised' && alert.state === 'resolved') return;
    try {
      await postAlert(this.options.target, alert, change, job.signal);
      await this.#record(alert.id, change, 'delivered');
    } catch (error) {
      const isLast = job.retryCount >= job.retryLimit;
      const next = isLast ? 'it is not tried again' : 'it is tried again';
      this.#logger.warn(`The webhook of alert ${alert.id} failed, ${next}: ${loggableError(error)}`);
      if (isLast) await this.#record(alert.id, change, 'failed');
      throw error;
    }
  }

  /** Of a webhook that tells of a state which is past, nothing is kept. */
  async #record(id: string, change: AlertChange, webhook: 'delivered' | 'failed'): Promise<void> {
    const state = change === 'raised' ? 'open' : 'resolved';
    await this.database.repository(AlertEntity).update({ id, state }, { webhook });
  }
}
