import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';

/** A database that answers slower than this is not ready. */
const CHECK_TIMEOUT_MS = 2000;

/** Whether this process can take webhooks now: it is not stopping, and PostgreSQL commits. */
@Injectable()
export class Readiness implements OnApplicationBootstrap, OnModuleDestroy {
  #isServing = false;

  constructor(@Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.#isServing = true;
  }

  onModuleDestroy(): void {
    this.#isServing = false;
  }

  /** `undefined` when ready; else why not. */
  async problem(): Promise<string | undefined> {
    if (!this.#isServing) return 'the service is starting or stopping';
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<string>((resolve) => {
      timer = setTimeout(() => {
        resolve(`PostgreSQL did not answer within ${CHECK_TIMEOUT_MS} ms`);
      }, CHECK_TIMEOUT_MS);
    });
    // Takes a transaction id, which a read-only replica refuses, and commits it.
    const commit = this.dataSource.query('SELECT pg_current_xact_id()').then(
      () => undefined,
      () => 'PostgreSQL does not commit',
    );
    try {
      return await Promise.race([commit, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
