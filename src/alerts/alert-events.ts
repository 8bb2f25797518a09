import type { AlertEntity } from './alert.entity.js';

/**
 * An alert was raised. Observers hear of it in the process that works on its notice, and once more should that process
 * die in between: `@OnEvent(AlertRaised.notice)`.
 */
export class AlertRaised {
  static readonly notice = 'postack.alert.raised';

  constructor(readonly alert: Readonly<AlertEntity>) {}
}

/** What an alert was about is over: `@OnEvent(AlertResolved.notice)`. */
export class AlertResolved {
  static readonly notice = 'postack.alert.resolved';

  constructor(readonly alert: Readonly<AlertEntity>) {}
}
