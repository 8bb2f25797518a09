import textParsers from 'pg-types/lib/textParsers.js';
import type { CustomTypesConfig } from 'pg';

type Parser = (text: string) => unknown;

const parsers = new Map<number, Parser>();
textParsers.init((oid, parser) => parsers.set(oid, parser));

const asText: Parser = (text) => text;

/**
 * How the values of our own statements are read: as node-postgres does by default. A host may have changed that for
 * its whole process, with `pg.types.setTypeParser` or TypeORM's `parseInt8`.
 */
export const OWN_TYPES: CustomTypesConfig = {
  getTypeParser: (oid: number) => parsers.get(oid) ?? asText,
};
