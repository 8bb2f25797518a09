import { ConfigurationError } from '../errors/configuration-error.js';

/** SQLSTATE of a statement that the role may not run. */
const INSUFFICIENT_PRIVILEGE = '42501';

/** SQLSTATEs of a schema that another process has just created. */
const EXISTS = ['42P06', '23505'];

/**
 * Creates a schema of the database.
 *
 * @param schema Its name, quoted.
 * @throws {ConfigurationError} when the role may not, saying who can and how.
 */
export async function createSchema(schema: string, query: (sql: string) => Promise<unknown>): Promise<void> {
  try {
    await query(`CREATE SCHEMA ${schema}`);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (EXISTS.includes(code)) return;
    if (code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new ConfigurationError('PostackModule database', [
      `the role may not create the schema ${schema}. Let an administrator run what ` +
        '"npx postack database-sql --role …" prints',
    ]);
  }
}
