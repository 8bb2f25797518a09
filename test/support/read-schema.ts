import type { DataSource } from 'typeorm';

/** Every table, column, constraint, index and view of a PostgreSQL schema, as SQL-like text in a fixed order. */
export async function readSchema(dataSource: DataSource, schema: string): Promise<string> {
  const columns: { table: string; column: string }[] = await dataSource.query(
    `SELECT c.oid::regclass::text AS table,
       format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
         CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
         CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END,
         coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')) AS column
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relkind IN ('r', 'p')
     ORDER BY c.relname, a.attnum`,
    [schema],
  );
  const rest: { statement: string }[] = await dataSource.query(
    `SELECT statement FROM (
       SELECT 1 AS part, conrelid::regclass::text || ' ' || conname AS sorting,
         format('ALTER TABLE %s ADD CONSTRAINT %I %s;', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS statement
       FROM pg_constraint
       WHERE connamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND contype <> 'n'
       UNION ALL
       SELECT 2, tablename || ' ' || indexname, indexdef || ';' FROM pg_indexes
       WHERE schemaname = $1 AND indexname NOT IN (SELECT conname FROM pg_constraint)
       UNION ALL
       SELECT 3, oid::regclass::text, format(E'CREATE VIEW %s AS\n%s', oid::regclass, pg_get_viewdef(oid))
       FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relkind = 'v'
     ) AS statements ORDER BY part, sorting`,
    [schema],
  );
  const tables = Map.groupBy(columns, ({ table }) => table);
  const creations = [...tables].map(
    ([table, list]) => `CREATE TABLE ${table} (\n${list.map(({ column }) => `  ${column}`).join(',\n')}\n);`,
  );
  return [...creations, ...rest.map(({ statement }) => statement)].map((text) => `${text}\n`).join('\n');
}
