import type { MigrationInterface } from 'typeorm';
import { PostackCreateInbox1795392000000 } from './1795392000000-create-inbox.js';

/**
 * The migrations of this package's tables, oldest first: `migrations: [...postackMigrations]` in the options of
 * your data source. They touch nothing outside the schema chosen with `postackEntities`.
 */
export const postackMigrations: readonly (new () => MigrationInterface)[] = [PostackCreateInbox1795392000000];
