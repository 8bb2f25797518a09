import type { AlertEntity } from './alert.entity.js';

/**
 * Emitted when an alert is raised, for `@OnEvent(AlertRaised.notice)`, in the process that runs the job of the notice.
 * Emitted again if that process dies before the job is completed.
 */
export class AlertRaised {
  static readonly notice = 'postack.alert.raised';

  constructor(readonly alert: Readonly<AlertEntity>) {}
}

/** Emitted when an alert is resolved, for `@OnEvent(AlertResolved.notice)`; otherwise like `AlertRaised`. */
export class AlertResolved {
  static readonly notice = 'postack.alert.resolved';

  constructor(readonly alert: Readonly<AlertEntity>) {}
}
