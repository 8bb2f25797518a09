import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { OWN_CONNECTIONS } from './database/own-pool.js';
import { poolOf } from './database/pool.js';
import { PostackDatabase } from './database/postack-database.js';
import { FailurePolicy } from './failures/reactions/failure-policy.js';
import { JobsOptions } from './jobs/jobs.options.js';
import type { HandlerSettings } from './listeners/handler.js';
import { HandlerRegistry } from './listeners/handler-registry.js';
import { discoverPolicies } from './listeners/policy-discovery.js';
import { PostackApiOptions } from './postack-api/postack-api.options.js';
import { WebhookOptions } from './webhook/webhook.options.js';
import { ReplyPolicy } from './replies/reply-policy.js';

/** Logs at boot what this process does, and with what: how listeners are called, policies, sending, connections. */
@Injectable()
export class PostackBootLog implements OnApplicationBootstrap {
  readonly #logger = new Logger('Postack');

  constructor(
    private readonly registry: HandlerRegistry,
    private readonly discovery: DiscoveryService,
    private readonly jobs: JobsOptions,
    private readonly api: PostackApiOptions,
    private readonly database: PostackDatabase,
    private readonly webhook: WebhookOptions,
  ) {}

  onApplicationBootstrap(): void {
    const rows: [string, string][] = [];
    if (this.jobs.works) {
      for (const { name, settings, endpoint } of this.registry.listeners)
        rows.push([name, describe(settings) + only(endpoint)]);
      rows.push(['reply policies', this.#policies(ReplyPolicy)]);
      rows.push(['failure policies', this.#policies(FailurePolicy)]);
    }
    rows.push(['sending', this.api.api ? 'on' : 'off: the option "api" is not set']);
    rows.push(['connections', this.#connections()]);
    this.#warnOfEndpoints();
    const width = Math.max(...rows.map(([name]) => name.length));
    this.#logger.log(`role ${this.jobs.role}`);
    for (const [name, value] of rows) this.#logger.log(`${name.padEnd(width)} : ${value}`);
  }

  /** A misspelt name would never get an event. */
  #warnOfEndpoints(): void {
    const names = this.webhook.routes.map(({ name }) => name);
    if (!this.jobs.accepts || names.length === 0) return;
    for (const { name, endpoint } of this.registry.listeners) {
      if (endpoint === null || names.includes(endpoint)) continue;
      this.#logger.warn(
        `The listener ${name} is for the endpoint "${endpoint}", which this process does not receive at; there are ` +
          names.join(', '),
      );
    }
  }

  #policies(type: typeof ReplyPolicy | typeof FailurePolicy): string {
    const policies = discoverPolicies<ReplyPolicy | FailurePolicy>(this.discovery, type, 'Postack policies');
    return policies.map((policy) => policy.constructor.name).join(', ') || 'none';
  }

  #connections(): string {
    const { max } = poolOf(this.database.dataSource).options;
    const jobs = this.jobs.works ? this.jobs.jobsPoolSize : 0;
    const parts = `data source ${max}, accepting and deliveries ${OWN_CONNECTIONS}, jobs ${jobs}`;
    return `up to ${max + OWN_CONNECTIONS + jobs} (${parts})`;
  }
}

function only(endpoint: string | null): string {
  return endpoint === null ? '' : `, endpoint ${endpoint}`;
}

/** Such as `one by one, 5 at once, 30 s each, 23 attempts`. */
function describe(settings: HandlerSettings): string {
  const { transactional, batchSize, ordered, concurrency, timeoutMs, retry } = settings;
  return [
    batchSize !== null ? `batches of up to ${batchSize}` : transactional ? 'transactional' : 'one by one',
    ordered && `in order by ${ordered}`,
    `${concurrency} at once`,
    `${timeoutMs / 1000} s each`,
    `${retry.attempts} attempts`,
  ]
    .filter(Boolean)
    .join(', ');
}
