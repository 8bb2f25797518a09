import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventsModule } from '../events/events.module.js';
import { InboxModule } from '../inbox/inbox.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { ListenersModule } from '../listeners/listeners.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { AbsentListeners } from './absent-listeners.js';
import { HandlerWorkers } from './deliveries/handler-workers.js';
import { Ledger } from './deliveries/ledger.js';
import { PostackHealthIndicator } from './health-indicator.js';
import { ListenerCalls } from './deliveries/listener-calls.js';
import { Regrouping } from './deliveries/regrouping.js';
import { Settlements } from './deliveries/settlements.js';
import { Suspects } from './deliveries/suspects.js';
import { BatchObservers } from './batch-observers.js';
import { ChangedReadings } from './changed-readings.js';
import { DispatchBatch } from './dispatch-batch.js';
import { Dispatcher } from './dispatcher.js';
import { DispatchHealth } from './dispatch-health.js';
import { ListenerControl } from './listener-control.js';
import { ListenerReports } from './listener-reports.js';
import { ObserverNotices } from './observer-notices.js';
import { EventQueries } from './outcomes/event-queries.js';
import { UndecidedEvents } from './outcomes/undecided-events.js';
import { ProjectionRunner } from './projection-runner.js';
import { Redelivery } from './redelivery.js';
import { Reinterpretation } from './reinterpretation.js';
import { StoredEvents } from './stored-events.js';

/** Claims stored events, runs projections, and delivers to listeners. */
@Module({
  imports: [DiscoveryModule, EventsModule, InboxModule, JobsModule, ListenersModule, OutboxModule],
  providers: [
    Dispatcher,
    DispatchBatch,
    BatchObservers,
    DispatchHealth,
    PostackHealthIndicator,
    StoredEvents,
    ProjectionRunner,
    ObserverNotices,
    HandlerWorkers,
    AbsentListeners,
    Ledger,
    ListenerCalls,
    Settlements,
    Suspects,
    Regrouping,
    EventQueries,
    UndecidedEvents,
    Redelivery,
    Reinterpretation,
    ChangedReadings,
    ListenerControl,
    ListenerReports,
  ],
  exports: [
    Dispatcher,
    BatchObservers,
    PostackHealthIndicator,
    StoredEvents,
    ObserverNotices,
    EventQueries,
    UndecidedEvents,
    ListenerControl,
    Redelivery,
    Reinterpretation,
    ChangedReadings,
  ],
})
export class DispatchModule {}
