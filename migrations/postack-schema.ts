import type { QueryRunner } from 'typeorm';
import { dataSourceOf } from '../src/database/data-source-of.js';
import { DEFAULT_SCHEMA } from '../src/postack.entities.js';
import { InboxEventEntity } from '../src/inbox/inbox-event.entity.js';

/** The schema of the data source's entities, quoted; see `postackEntities({ schema })`. */
export function schemaOf(queryRunner: QueryRunner): string {
  const dataSource = dataSourceOf(queryRunner);
  const schema = dataSource.hasMetadata(InboxEventEntity)
    ? dataSource.getMetadata(InboxEventEntity).schema
    : DEFAULT_SCHEMA;
  return dataSource.driver.escape(schema ?? DEFAULT_SCHEMA);
}
