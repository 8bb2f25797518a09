import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../database/postack-database.js';
import { EventParser } from '../events/event-parser.js';
import { EventsOptions } from '../events/events.options.js';
import { fingerprintOf, storedReadingOptions } from '../events/stored-reading-options.js';
import { EventMappingEntity } from './event-mapping.entity.js';

/** The mappings that events have been read with: the one of this process, and those that were used before. */
@Injectable()
export class EventMappings {
  #current: Promise<number> | undefined;
  readonly #parsers = new Map<number, EventParser>();
  readonly #default = new EventParser(new EventsOptions());

  constructor(
    private readonly database: PostackDatabase,
    private readonly options: EventsOptions,
  ) {}

  /** `EventMappingEntity.id` of this process's mapping. Stores it the first time, on a connection of its own. */
  current(): Promise<number> {
    this.#current ??= this.#store().catch((error: unknown) => {
      this.#current = undefined;
      throw error;
    });
    return this.#current;
  }

  /** What has read the events with this `EventMappingEntity.id`; `null` for those from before mappings were stored. */
  async parserOf(id: number | null, manager: EntityManager): Promise<EventParser> {
    if (id === null) return this.#default;
    let parser = this.#parsers.get(id);
    if (!parser) {
      const stored = await manager.findOneBy(EventMappingEntity, { id });
      parser = stored ? new EventParser(stored.options) : this.#default;
      this.#parsers.set(id, parser);
    }
    return parser;
  }

  async #store(): Promise<number> {
    const options = storedReadingOptions(this.options);
    const fingerprint = fingerprintOf(options);
    const mappings = this.database.repository(EventMappingEntity);
    const known = await mappings.findOneBy({ fingerprint });
    if (known) return known.id;
    await this.database.query(
      `INSERT INTO ${this.database.table(EventMappingEntity)} (fingerprint, options) VALUES ($1, $2)
       ON CONFLICT (fingerprint) DO NOTHING`,
      [fingerprint, JSON.stringify(options)],
    );
    return (await mappings.findOneByOrFail({ fingerprint })).id;
  }
}
