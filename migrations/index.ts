import type { MigrationInterface } from 'typeorm';
import { once } from './once.js';
import { PostackCreateInbox1795392000000 } from './1795392000000-create-inbox.js';
import { PostackDurableDispatch1795478400000 } from './1795478400000-durable-dispatch.js';
import { PostackRetention1795482000000 } from './1795482000000-retention.js';
import { PostackReplies1795568400000 } from './1795568400000-replies.js';
import { PostackFailures1795654800000 } from './1795654800000-failures.js';
import { PostackReports1795741200000 } from './1795741200000-reports.js';
import { PostackSettledWords1795827600000 } from './1795827600000-settled-words.js';
import { PostackDeliveryLedger1795910400000 } from './1795910400000-delivery-ledger.js';
import { PostackRequestSlots1795996800000 } from './1795996800000-request-slots.js';
import { PostackDerivedReports1796083200000 } from './1796083200000-derived-reports.js';
import { PostackEventKinds1796169600000 } from './1796169600000-event-kinds.js';
import { PostackReinterpretation1796256000000 } from './1796256000000-reinterpretation.js';
import { PostackEndpoints1796428800000 } from './1796428800000-endpoints.js';
import { PostackTraceParent1796342400000 } from './1796342400000-trace-parent.js';

/**
 * The migrations of this package's tables, oldest first: set `migrations: [...postackMigrations]` in the options of your
 * data source. They change nothing outside the schema of `postackEntities`.
 */
export const postackMigrations: readonly (new () => MigrationInterface)[] = [
  PostackCreateInbox1795392000000,
  PostackDurableDispatch1795478400000,
  PostackRetention1795482000000,
  PostackReplies1795568400000,
  PostackFailures1795654800000,
  PostackReports1795741200000,
  PostackSettledWords1795827600000,
  PostackDeliveryLedger1795910400000,
  PostackRequestSlots1795996800000,
  PostackDerivedReports1796083200000,
  PostackEventKinds1796169600000,
  PostackReinterpretation1796256000000,
  PostackTraceParent1796342400000,
  PostackEndpoints1796428800000,
].map(once);
