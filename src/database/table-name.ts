import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { dataSourceOf } from './data-source-of.js';

/** The table of an entity as it stands in SQL, schema and quotes included: `"postack"."inbox_event"`. */
export function tableName(manager: EntityManager, entity: EntityTarget<ObjectLiteral>): string {
  const dataSource = dataSourceOf(manager);
  const { tablePath } = dataSource.getMetadata(entity);
  return tablePath
    .split('.')
    .map((part) => dataSource.driver.escape(part))
    .join('.');
}
