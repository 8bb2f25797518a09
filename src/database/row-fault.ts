import type { DatabaseError } from 'pg';

/** SQLSTATE classes caused by the values: data exception, integrity violation, program limit exceeded. */
const ROW_FAULT_CLASSES = new Set(['22', '23', '54']);

/** Whether PostgreSQL rejected the statement because of a row's values, not because of its own state. */
export function isRowFault(error: unknown): error is DatabaseError {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.length === 5 && ROW_FAULT_CLASSES.has(code.slice(0, 2));
}
