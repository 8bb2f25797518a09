import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { InboxModule } from '../inbox/inbox.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { ListenersModule } from '../listeners/listeners.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { Replays } from './replays.js';
import { ReplaySelection } from './replay-selection.js';
import { ReplayQueue } from './replay-queue.js';
import { ReinterpretationChunk } from './reinterpretation-chunk.js';
import { ReplayChunk } from './replay-chunk.js';
import { ReplayRunner } from './replay-runner.js';
import { EventReplay } from './event-replay.js';
import { DeadLetters } from './dead-letters.js';

/** Delivers events again: replay, backfill, redrive of dead letters. */
@Module({
  imports: [DispatchModule, InboxModule, JobsModule, ListenersModule, MessagesModule],
  providers: [
    Replays,
    ReplaySelection,
    ReplayQueue,
    ReplayChunk,
    ReinterpretationChunk,
    ReplayRunner,
    EventReplay,
    DeadLetters,
  ],
  exports: [Replays, DeadLetters],
})
export class ReplaysModule {}
