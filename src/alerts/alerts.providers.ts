import type { Provider } from '@nestjs/common';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { AlertNotices } from './alert-notices.js';
import { ALERT_OPTIONS } from './alert-options.js';
import { AlertWatch } from './alert-watch.js';
import { Alerts } from './alerts.js';
import { ReceiptsWatch } from './receipts-watch.js';
import { SilenceWatch } from './silence-watch.js';

/** What of `alerts/` the module provides. */
export const ALERT_PROVIDERS: Provider[] = [
  {
    provide: ALERT_OPTIONS,
    useFactory: ({ alerts }: ResolvedPostackOptions) => alerts,
    inject: [POSTACK_OPTIONS],
  },
  Alerts,
  AlertNotices,
  AlertWatch,
  SilenceWatch,
  ReceiptsWatch,
];
