import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { JobWithMetadata } from 'pg-boss';
import type { DataSource, EntityManager } from 'typeorm';
import { PgBossService, TRIED_FOR_A_DAY } from '../jobs/pg-boss.service.js';
import { onceSuccessful } from '../jobs/once-successful.js';
import { ObserverNotices } from '../dispatch/observer-notices.js';
import { loggableError } from '../errors/loggable-error.js';
import { POSTACK_DATA_SOURCE } from '../database/data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { AlertRaised, AlertResolved } from './alert-events.js';
import { AlertEntity } from './alert.entity.js';
import { ALERT_OPTIONS, type ResolvedAlertOptions } from './alert-options.js';
import { postAlert, type AlertChange } from './alert-webhook.js';

/** Queue of those who are still to be told. */
export const ALERT_NOTICES_QUEUE = 'alerts.notices';

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
export class AlertNotices implements OnApplicationBootstrap {
  readonly #logger = new Logger('PostackAlerts');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly module: ResolvedPostackOptions,
    @Inject(ALERT_OPTIONS) private readonly options: ResolvedAlertOptions,
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly jobs: PgBossService,
    private readonly observers: ObserverNotices,
  ) {}

  /** Connects pg-boss and makes the queue, once. */
  readonly prepare = onceSuccessful(async () => {
    await this.jobs.start();
    await this.jobs.boss.createQueue(ALERT_NOTICES_QUEUE, TRIED_FOR_A_DAY);
  });

  async onApplicationBootstrap(): Promise<void> {
    if (this.module.role === 'accept') return;
    await this.prepare();
    await this.jobs.boss.work(
      ALERT_NOTICES_QUEUE,
      { pollingIntervalSeconds: 1, includeMetadata: true },
      async ([job]: JobWithMetadata<AlertNotice>[]) => {
        if (job) await this.#tell(job);
      },
    );
  }

  /** Has everybody told when the transaction commits. */
  async send(ids: readonly string[], change: AlertChange, manager: EntityManager): Promise<void> {
    const to = this.options.webhook ? (['observers', 'webhook'] as const) : (['observers'] as const);
    const notices = ids.flatMap((id) => to.map((one): AlertNotice => ({ id, change, to: one })));
    await this.jobs.boss.insert(
      ALERT_NOTICES_QUEUE,
      notices.map((data) => ({ data })),
      { db: this.jobs.within(manager) },
    );
  }

  /** @throws when it is to be tried again. */
  async #tell(job: JobWithMetadata<AlertNotice>): Promise<void> {
    const { id, change, to } = job.data;
    const alert = await this.dataSource.getRepository(AlertEntity).findOneBy({ id });
    if (!alert) return;
    if (to === 'webhook') return this.#post(alert, change, job);
    const raised = change === 'raised';
    this.#logger[raised ? 'warn' : 'log'](`Alert ${raised ? '' : 'resolved: '}${alert.summary}`);
    const notice = raised ? new AlertRaised(alert) : new AlertResolved(alert);
    this.observers.tell(raised ? AlertRaised.notice : AlertResolved.notice, notice);
  }

  async #post(alert: AlertEntity, change: AlertChange, job: JobWithMetadata<AlertNotice>): Promise<void> {
    if (!this.options.webhook) return;
    // Whoever has not heard that it began hears only that it is over.
    if (change === 'raised' && alert.state === 'resolved') return;
    try {
      await postAlert(this.options.webhook, alert, change, job.signal);
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
    await this.dataSource.getRepository(AlertEntity).update({ id, state }, { webhook });
  }
}
