import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

/**
 * Gives our entities the names that our migrations give the tables and columns: a naming strategy or `entityPrefix` of the
 * host is about the host's tables.
 */
export function keepOwnNames(dataSource: DataSource, entities: readonly EntityTarget<ObjectLiteral>[]): void {
  for (const entity of entities) {
    const metadata = dataSource.getMetadata(entity);
    const { givenTableName = metadata.tableName, schema, database } = metadata;
    metadata.tableName = metadata.tableNameWithoutPrefix = givenTableName;
    metadata.tablePath = dataSource.driver.buildTableName(givenTableName, schema, database);
    for (const column of metadata.columns) {
      const { givenDatabaseName = column.propertyName } = column;
      column.databaseName = column.databasePath = column.databaseNameWithoutPrefixes = givenDatabaseName;
    }
  }
}
