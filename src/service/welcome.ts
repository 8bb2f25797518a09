import { resolve } from 'node:path';
import type { ServiceConfig } from './config/service.config.js';
import type { RunningService } from './start-service.js';

/** What a person sees once the service is up: where it is, how to get in, and one command to try it with. */
export function welcome(service: RunningService, config: ServiceConfig): string {
  const { webhookSecret, adminKey } = service.generated;
  const lines = [`Webhook URL     ${service.webhookUrl}`];
  if (webhookSecret !== undefined) lines.push(`Webhook secret  ${webhookSecret}   (for development)`);
  if (adminKey !== undefined) lines.push(`Admin key       ${adminKey}   (for development)`);
  if (config.role === 'work')
    lines[0] = `Admin API       ${service.origin}/api/v1/events   (POSTACK_ROLE=work: no webhooks)`;
  if (config.role === 'accept')
    lines.push('Role            accept: other processes, with the role work, handle the events');
  if (!config.api) lines.push('Answers         none: nothing is sent until POSTACK_API_KEY is set');
  if (config.databaseUrl === undefined) {
    lines.push(`Database        embedded PostgreSQL in ${config.dataDir}/`);
    if (config.role !== 'work') {
      lines.push('', 'Send a signed test event, and see what came of it (in another terminal):', '');
      lines.push(`    npm run send-test-event${flags(service, config)}`);
    }
  }
  return ['', ...lines.map((line) => `  ${line}`.trimEnd()), ''].join('\n');
}

/** None are needed for a service with the default settings. */
function flags({ webhookUrl }: RunningService, { dataDir }: ServiceConfig): string {
  if (webhookUrl === 'http://localhost:3000/api/v1/webhooks' && dataDir === '.postack') return '';
  return ` -- --url ${webhookUrl} --data-dir ${quoted(resolve(dataDir))}`;
}

/** As one word for a shell. */
function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `"${path.replaceAll(/["\\$`]/g, '\\$&')}"`;
}
