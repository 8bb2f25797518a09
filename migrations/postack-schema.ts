import type { QueryRunner } from 'typeorm';
import { DEFAULT_SCHEMA } from '../src/postack.entities.js';
import { InboxEventEntity } from '../src/inbox/inbox-event.entity.js';

/** The schema that the data source's entities are in, quoted: migrations follow `postackEntities({ schema })`. */
export function schemaOf(queryRunner: QueryRunner): string {
  const { dataSource } = queryRunner;
  const schema = dataSource.hasMetadata(InboxEventEntity)
    ? dataSource.getMetadata(InboxEventEntity).schema
    : DEFAULT_SCHEMA;
  return dataSource.driver.escape(schema ?? DEFAULT_SCHEMA);
}
