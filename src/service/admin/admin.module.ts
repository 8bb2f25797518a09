import { type DynamicModule, Module } from '@nestjs/common';
import { SERVICE_SETTINGS, type ServiceSettings } from '../config/service.settings.js';
import { AdminKeyGuard } from './admin-key.guard.js';
import { AlertsController } from './alerts/alerts.controller.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { EventsController } from './events/events.controller.js';
import { FailuresController } from './failures/failures.controller.js';
import { ListenersController } from './listeners/listeners.controller.js';
import { MessagesController } from './messages/messages.controller.js';
import { OptOutsController } from './opt-outs/opt-outs.controller.js';
import { OutboxController } from './outbox/outbox.controller.js';
import { ReplaysController } from './replays/replays.controller.js';
import { ReplyRulesController } from './reply-rules/reply-rules.controller.js';
import { ReportsController } from './reports/reports.controller.js';
import { SuppressionsController } from './suppressions/suppressions.controller.js';
import { WireFormatController } from './wire-format/wire-format.controller.js';
import { WorkersController } from './workers/workers.controller.js';

/** The admin API, `/api/v1/…`: one controller per resource, all behind the admin key. */
@Module({
  controllers: [
    EventsController,
    ReplaysController,
    DeadLettersController,
    ListenersController,
    WorkersController,
    MessagesController,
    OutboxController,
    ReplyRulesController,
    OptOutsController,
    FailuresController,
    SuppressionsController,
    AlertsController,
    ReportsController,
    WireFormatController,
  ],
  providers: [AdminKeyGuard],
})
export class AdminModule {
  static with(settings: ServiceSettings): DynamicModule {
    return { module: AdminModule, providers: [{ provide: SERVICE_SETTINGS, useValue: settings }] };
  }
}
