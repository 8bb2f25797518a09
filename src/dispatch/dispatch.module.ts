import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventsModule } from '../events/events.module.js';
import { InboxModule } from '../inbox/inbox.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { ListenersModule } from '../listeners/listeners.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { CrashedJobs } from './deliveries/crashed-jobs.js';
import { DeliveryQueue } from './deliveries/delivery-queue.js';
import { HandlerWorkers } from './deliveries/handler-workers.js';
import { JobStatistics } from './deliveries/job-statistics.js';
import { ListenerCalls } from './deliveries/listener-calls.js';
import { QueueMigration } from './deliveries/queue-migration.js';
import { DispatchBatch } from './dispatch-batch.js';
import { Dispatcher } from './dispatcher.js';
import { ListenerControl } from './listener-control.js';
import { ObserverNotices } from './observer-notices.js';
import { EventQueries } from './outcomes/event-queries.js';
import { Outcomes } from './outcomes/outcomes.js';
import { ProjectionRunner } from './projection-runner.js';
import { Redelivery } from './redelivery.js';
import { StoredEvents } from './stored-events.js';

/** Claims stored events, runs projections, and delivers to listeners. */
@Module({
  imports: [DiscoveryModule, EventsModule, InboxModule, JobsModule, ListenersModule, OutboxModule],
  providers: [
    Dispatcher,
    DispatchBatch,
    StoredEvents,
    ProjectionRunner,
    ObserverNotices,
    DeliveryQueue,
    HandlerWorkers,
    ListenerCalls,
    CrashedJobs,
    QueueMigration,
    JobStatistics,
    Outcomes,
    EventQueries,
    Redelivery,
    ListenerControl,
  ],
  exports: [
    Dispatcher,
    DispatchBatch,
    StoredEvents,
    ObserverNotices,
    EventQueries,
    ListenerControl,
    Redelivery,
  ],
})
export class DispatchModule {}
