import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../database/postack-database.js';
import { Redelivery } from '../dispatch/redelivery.js';
import { ChangedReadings, type ReinterpretedEvent } from '../dispatch/changed-readings.js';
import { Reinterpretation } from '../dispatch/reinterpretation.js';
import type { StoredEvent } from '../dispatch/stored-events.js';
import { type Subscriber, Subscriptions } from '../listeners/subscriptions.js';
import { OwnNumbers } from '../messages/own-numbers.js';
import type { ReplayEntity } from './replay.entity.js';
import type { ReplayProgress } from './replay-progress.js';
import type { ReplaySpec } from './replay-request.js';
import { ReplaySelection } from './replay-selection.js';

/** A process with the mapping that the replay was created with has to run it. */
export class OtherMappingError extends Error {
  override readonly name = 'OtherMappingError';

  constructor() {
    super(
      'a process that has another mapping of events cannot run it: restart the processes with the same options',
    );
  }
}

/** Events that are examined at a time to count those that are read otherwise. */
const PAGE_SIZE = 500;

/** Reads stored events again with the mapping of now, a part of them at a time. */
@Injectable()
export class ReinterpretationChunk {
  constructor(
    private readonly database: PostackDatabase,
    private readonly selection: ReplaySelection,
    private readonly subscriptions: Subscriptions,
    private readonly readings: ChangedReadings,
    private readonly reinterpretation: Reinterpretation,
    private readonly redelivery: Redelivery,
    private readonly ownNumbers: OwnNumbers,
  ) {}

  /** To be called before the transaction of `run`. Resolves to `EventMappingEntity.id` of this process's mapping. */
  prepare(): Promise<number> {
    return this.readings.prepare();
  }

  /** Counts the events up to this one that are read otherwise now. */
  async count(spec: ReplaySpec, lastEventId: string): Promise<number> {
    const { manager } = this.database.forLongStatements;
    let position = '0';
    for (let changed = 0; ;) {
      const ids = await this.selection.nextIds(spec, { position, lastEventId }, PAGE_SIZE, manager);
      changed += (await this.readings.find(ids, manager, false)).length;
      if (ids.length < PAGE_SIZE) return changed;
      position = ids.at(-1) ?? position;
    }
  }

  /** Reads the next events of a replay again, in the transaction of `manager`, and enqueues them for the chosen listeners. */
  async run(replay: ReplayEntity, limit: number, manager: EntityManager): Promise<ReplayProgress> {
    if (replay.mappingId !== (await this.readings.prepare())) throw new OtherMappingError();
    await this.subscriptions.refresh(manager);
    const ids = await this.selection.nextIds(replay, replay, limit, manager);
    const changed = await this.readings.find(ids, manager, true);
    await this.reinterpretation.apply(ids, changed, replay.id, manager);
    for (const [listener, events] of this.#deliveries(changed, replay.listeners ?? [])) {
      const reason = replay.answerOld ? 'replay' : 'reinterpret';
      await this.redelivery.redeliver(listener, events, reason, replay.id, manager);
    }
    const isDone = ids.length < limit;
    if (isDone) await this.ownNumbers.forgetUnused(manager);
    return { position: ids.at(-1) ?? replay.position, count: changed.length, isDone };
  }

  /** By listener, in the order of their names: two transactions wait for each other instead of deadlocking. */
  #deliveries(
    changed: readonly ReinterpretedEvent[],
    names: readonly string[],
  ): [Subscriber, StoredEvent[]][] {
    const chosen = this.subscriptions.present.filter(
      ({ name, kind }) => kind === 'listener' && (names.includes('*') || names.includes(name)),
    );
    const events = changed.flatMap(({ now }) => now ?? []);
    return chosen.map((listener) => [
      listener,
      events.filter(({ event }) => this.subscriptions.routeOf(event).listeners.includes(listener)),
    ]);
  }
}
