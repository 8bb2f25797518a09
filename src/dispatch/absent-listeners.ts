import { Injectable, Logger } from '@nestjs/common';
import { Subscriptions } from '../listeners/subscriptions.js';
import { DispatchOptions } from './dispatch.options.js';
import { ListenerReports } from './listener-reports.js';

const DAY_MS = 86_400_000;

/** Reports handlers that no process has had for days, although events are still kept for them. */
@Injectable()
export class AbsentListeners {
  readonly #logger = new Logger('PostackDispatch');
  #reportedAtMs = -Infinity;

  constructor(
    private readonly options: DispatchOptions,
    private readonly subscriptions: Subscriptions,
    private readonly reports: ListenerReports,
  ) {}

  /** Logs each of them, at most once a day. */
  async report(now = Date.now()): Promise<void> {
    if (now - this.#reportedAtMs < DAY_MS) return;
    this.#reportedAtMs = now;
    await this.subscriptions.refresh();
    const { absentListenerDays } = this.options;
    const absent = this.subscriptions.all.filter(
      ({ isPresent, declaredAt }) => !isPresent && now - declaredAt.getTime() >= absentListenerDays * DAY_MS,
    );
    for (const { name, kind, counts, declaredAt } of await this.reports.of(absent)) {
      const days = Math.floor((now - declaredAt.getTime()) / DAY_MS);
      const { pending, retrying, dead } = counts;
      this.#logger.warn(
        `The ${kind} ${name} has not run in any process for ${days} days; ${pending + retrying} deliveries wait for it, ` +
          `${dead} are dead letters. Deploy it again, or retire it: DELETE /api/v1/listeners/${name}?reason=…`,
      );
    }
  }
}
