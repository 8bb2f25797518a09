/**
 * SQL condition of the rows with one `svix-id`. The index of ids begins with the endpoint, of which there are few: each is
 * looked up by the one before, so that no other row is read.
 *
 * @param inbox The table of `InboxEventEntity`.
 * @param alias Its alias in the statement.
 * @param id Parameter with the id.
 */
export function hasSvixId(inbox: string, alias: string, id: string): string {
  return `${alias}.svix_id = ${id} AND ${alias}.endpoint IN (
    WITH RECURSIVE known AS (
      (SELECT endpoint FROM ${inbox} ORDER BY endpoint LIMIT 1)
      UNION ALL
      SELECT (SELECT endpoint FROM ${inbox} WHERE endpoint > known.endpoint ORDER BY endpoint LIMIT 1)
      FROM known WHERE known.endpoint IS NOT NULL
    )
    SELECT endpoint FROM known WHERE endpoint IS NOT NULL)`;
}
