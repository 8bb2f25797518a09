import type { ServiceConfig } from './service.config.js';
import type { RunningService } from './start-service.js';

/** What a person sees once the service is up: where it is, how to get in, and one command to try it with. */
export function welcome(service: RunningService, config: ServiceConfig): string {
  const { webhookSecret, adminKey } = service.generated;
  const lines = [`Webhook URL     ${service.webhookUrl}`];
  if (webhookSecret !== undefined) lines.push(`Webhook secret  ${webhookSecret}   (for development)`);
  if (adminKey !== undefined) lines.push(`Admin key       ${adminKey}   (for development)`);
  if (config.role === 'work')
    lines[0] = `Admin API       ${service.origin}/api/v1/events   (POSTACK_ROLE=work: no webhooks)`;
  if (config.databaseUrl === undefined) {
    lines.push(`Database        embedded PostgreSQL in ${config.dataDir}/`);
    const isDefault =
      service.webhookUrl === 'http://localhost:3000/api/v1/webhooks' && config.dataDir === '.postack';
    const flags = isDefault ? '' : ` -- --url ${service.webhookUrl} --data-dir ${config.dataDir}`;
    lines.push('', 'Send a signed test event, and see what came of it (in another terminal):', '');
    lines.push(`    npm run send-test-event${flags}`);
  }
  return ['', ...lines.map((line) => `  ${line}`.trimEnd()), ''].join('\n');
}
