import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { MappingSuggestion } from '../wire-format/mapping-suggestion.js';
import type { WireFormatReport } from '../wire-format/wire-format.js';
import type { WireShape } from '../wire-format/wire-shapes.js';
import { loadEnvFile } from '../service/config/env-file.js';
import { requestsTo, SERVICE_USAGE, serviceOptions } from './service-request.js';

// `npm run wire-format`: prints what Postack has sent to a running service, how it was read, and a configuration for the rest.

const USAGE = `Usage: npm run wire-format -- [options]

Prints which events came in, how they were read, and a configuration that reads what was not.

  --since TIME     events received since then, such as 2026-01-31 (default: 7 days ago)
  --json           prints the answer of the service
${SERVICE_USAGE}`;

async function main(): Promise<void> {
  loadEnvFile();
  const { values } = parseArgs({
    options: {
      since: { type: 'string' },
      json: { type: 'boolean', default: false },
      ...serviceOptions(),
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const request = await requestsTo(values);
  const query =
    values.since === undefined ? '' : `?${new URLSearchParams({ since: values.since }).toString()}`;
  const response = await request(`wire-format${query}`);
  if (values.json) console.log(await response.text());
  else console.log(describe((await response.json()) as Json<WireFormatReport>));
}

/** As JSON: times are texts. */
type Json<Value> = Value extends Date
  ? string
  : Value extends object
    ? { [Key in keyof Value]: Json<Value[Key]> }
    : Value;

function describe({ since, types, otherTypes, undecided, suggestion }: Json<WireFormatReport>): string {
  const lines = [`Events received since ${since}:`, ''];
  if (types.length === 0) lines.push('None.', '');
  for (const { type, count, firstReceivedAt, lastReceivedAt, takenFor, shapes } of types) {
    const name = type === null ? '(quarantined)' : type === '' ? '(no type)' : type;
    lines.push(`${name}: ${count}, from ${firstReceivedAt} to ${lastReceivedAt}`);
    lines.push(`  taken for ${counts(takenFor)}`);
    for (const shape of shapes) lines.push(...describeShape(shape));
    lines.push('');
  }
  if (otherTypes > 0) lines.push(`${otherTypes} more types are left out.`, '');
  const { quarantined, unhandled } = undecided;
  if (quarantined + unhandled > 0) {
    lines.push(
      `Waiting for a decision: ${quarantined} quarantined and ${unhandled} unhandled events.`,
      'Map them and read them again (npm run reinterpret), declare their type as ignored, or discard them',
      '(POST /api/v1/events/discard).',
      '',
    );
  }
  lines.push(...describeSuggestion(suggestion));
  return lines.join('\n');
}

function describeShape({ examined, readAs, fields, paths }: Json<WireShape>): string[] {
  const found = Object.entries(fields)
    .filter(([, share]) => share > 0)
    .map(([field, share]) => (share === 1 ? field : `${field} (${percent(share)})`));
  return [
    `  of the latest, ${examined} look like this; read now as ${counts(readAs)}, with ${found.join(', ') || 'no field'}`,
    ...Object.entries(paths).map(([path, types]) => `    ${path}: ${types.join(' or ')}`),
  ];
}

function describeSuggestion(suggestion: Json<MappingSuggestion> | null): string[] {
  if (!suggestion) return ['There is no mapping to suggest.'];
  return [
    `A guess by names and values, to be checked: the mapping of now reads ${percent(suggestion.readNow)} of the examined`,
    `events completely, this one ${percent(suggestion.readThen)}. For the file of POSTACK_CONFIG, or the options of the module:`,
    '',
    stringify(suggestion.configuration, { lineWidth: 100 }),
  ];
}

function counts(of: Record<string, number>): string {
  return Object.entries(of)
    .map(([name, count]) => `${name} (${count})`)
    .join(', ');
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof TypeError && 'code' in error) console.error(USAGE);
  process.exitCode = 1;
});
