import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { cruise, type ICruiseResult } from 'dependency-cruiser';

const root = join(import.meta.dirname, '..');

/** Folder → the folders that its files may import, besides their own and the options. */
const MAY_IMPORT: Record<string, string[]> = {
  errors: [],
  database: ['errors'],
  events: [],
  listeners: ['errors', 'events'],
  jobs: ['errors', 'database'],
  inbox: ['errors', 'database', 'events'],
  webhook: ['errors', 'inbox'],
  dispatch: ['errors', 'database', 'events', 'listeners', 'jobs', 'inbox'],
  replays: ['errors', 'database', 'events', 'listeners', 'jobs', 'inbox', 'dispatch'],
  messages: ['errors', 'database', 'events', 'listeners', 'replies'],
  'postack-api': ['errors', 'database', 'events'],
  csv: [],
  suppressions: ['errors', 'database', 'events', 'csv', 'opt-outs'],
  'opt-outs': ['errors', 'database', 'events', 'listeners', 'csv', 'messages', 'suppressions', 'replies'],
  outbox: [
    'errors',
    'database',
    'events',
    'listeners',
    'jobs',
    'messages',
    'postack-api',
    'opt-outs',
    'suppressions',
    'replies',
  ],
  replies: ['errors', 'database', 'events', 'listeners', 'opt-outs', 'outbox'],
  alerts: ['errors', 'database', 'events', 'jobs', 'webhook', 'inbox', 'dispatch', 'messages', 'outbox'],
  failures: [
    'errors',
    'database',
    'events',
    'listeners',
    'jobs',
    'messages',
    'postack-api',
    'outbox',
    'suppressions',
    'alerts',
  ],
  reports: [
    'errors',
    'database',
    'events',
    'jobs',
    'inbox',
    'webhook',
    'dispatch',
    'messages',
    'postack-api',
    'opt-outs',
    'failures',
    'csv',
  ],
  retention: ['errors', 'database', 'jobs', 'inbox', 'dispatch'],
  testing: ['webhook', 'dispatch', 'events'],
  simulator: [],
  service: [
    'errors',
    'database',
    'webhook',
    'inbox',
    'events',
    'dispatch',
    'replays',
    'messages',
    'opt-outs',
    'suppressions',
    'outbox',
    'replies',
    'failures',
    'alerts',
    'postack-api',
    'reports',
    'retention',
    'csv',
  ],
  cli: ['reports', 'service', 'dispatch', 'events', 'testing'],
  demo: ['errors', 'service', 'simulator', 'replies', 'outbox'],
};

describe('imports between the folders of src/', () => {
  let imports: { from: string; to: string }[];
  let result: ICruiseResult;

  beforeAll(async () => {
    const { output } = await cruise(
      ['src', 'migrations'],
      { baseDir: root, doNotFollow: 'node_modules', exclude: '\\.spec\\.ts$', tsPreCompilationDeps: true },
      { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
    );
    result = output as ICruiseResult;
    imports = result.modules.flatMap((module) =>
      module.dependencies
        .filter(({ resolved }) => resolved.startsWith('src/') || resolved.startsWith('migrations/'))
        .map(({ resolved }) => ({ from: module.source, to: resolved })),
    );
  });

  it('are seen at all', () => {
    expect(imports).toContainEqual({ from: 'src/webhook/webhook.controller.ts', to: 'src/inbox/inbox.ts' });
    expect(imports.length).toBeGreaterThan(100);
  });

  it('point one way', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [folder, target] = [folderOf(from), folderOf(to)];
      if (folder === undefined || folder === target) return false;
      if (target === undefined) return !(to === 'src/postack.options.ts' || folder === 'service');
      return !MAY_IMPORT[folder]?.includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it('leave the service to main.ts, the command line and the demo', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(to) === 'service' && !['service', 'cli', 'demo'].includes(folderOf(from) ?? ''),
    );
    expect(new Set(wrong.map(({ from }) => from))).toEqual(new Set(['src/main.ts']));
  });

  it('have no cycles', () => {
    expect(result.modules.length).toBeGreaterThan(50);
    const next = Map.groupBy(imports, ({ from }) => from);
    expect(cyclesIn(new Map([...next].map(([from, list]) => [from, list.map(({ to }) => to)])))).toEqual([]);
  });

  it('are declared for every folder', () => {
    const folders = new Set(
      imports.map(({ from }) => folderOf(from)).filter((folder) => folder !== undefined),
    );
    expect([...folders].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });
});

function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** Each cycle as the list of its files. */
function cyclesIn(graph: ReadonlyMap<string, string[]>): string[][] {
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push(path.slice(start));
    if (start >= 0 || finished.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
