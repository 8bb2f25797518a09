import type { DataSource, ObjectLiteral, EntityTarget } from 'typeorm';

/** The table of an entity as it stands in SQL, schema and quotes included: `"postack"."inbox_event"`. */
export function tableName(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>): string {
  return dataSource
    .getMetadata(entity)
    .tablePath.split('.')
    .map((part) => dataSource.driver.escape(part))
    .join('.');
}
