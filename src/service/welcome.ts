import { resolve } from 'node:path';
import type { ServiceConfig } from './config/service.config.js';
import type { RunningService } from './start-service.js';

/** The banner of a started service: its URLs, generated credentials, and a command to try it. */
export function welcome(service: RunningService, config: ServiceConfig): string {
  const { webhookSecret, adminKey } = service.generated;
  const lines = [`Webhook URL     ${service.webhookUrl}`];
  if (webhookSecret !== undefined) lines.push(`Webhook secret  ${webhookSecret}   (development only)`);
  if (adminKey !== undefined) lines.push(`Admin key       ${adminKey}   (development only)`);
  if (config.role === 'work')
    lines[0] = `Admin API       ${service.origin}/api/v1/events   (POSTACK_ROLE=work: no webhooks)`;
  if (config.role === 'accept')
    lines.push('Role            accept: events are processed by processes with POSTACK_ROLE=work');
  if (!config.api) lines.push('Sending         disabled until POSTACK_API_KEY is set');
  if (config.databaseUrl === undefined) {
    lines.push(`Database        embedded PostgreSQL in ${config.dataDir}/`);
    if (config.role !== 'work') {
      lines.push('', 'Send a signed test event from another terminal:', '');
      lines.push(`    npm run send-test-event${flags(service, config)}`);
    }
  }
  return ['', ...lines.map((line) => `  ${line}`.trimEnd()), ''].join('\n');
}

/** Empty for a service with the default settings. */
function flags({ webhookUrl }: RunningService, { dataDir }: ServiceConfig): string {
  if (webhookUrl === 'http://localhost:3000/api/v1/webhooks' && dataDir === '.postack') return '';
  return ` -- --url ${webhookUrl} --data-dir ${quoted(resolve(dataDir))}`;
}

/** Quoted for a shell if necessary. */
function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `"${path.replaceAll(/["\\$`]/g, '\\$&')}"`;
}
