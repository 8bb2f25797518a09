import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { cruise, type ICruiseResult } from 'dependency-cruiser';

const root = join(import.meta.dirname, '..');

/** What the files beside the folders are for: small things that every folder may use, and that use no folder. */
const BASE = [
  'configuration-error',
  'csv-cell',
  'loggable-error',
  'paging',
  'policy-discovery',
  'postack.data-source',
  'refusals',
  'table-name',
];

/**
 * Folder → the folders that its files may import, besides their own, the base and the options. The road of an
 * event goes webhook → inbox, dispatch → inbox; nobody but main.ts, the demo and the service itself knows the service.
 */
const MAY_IMPORT: Record<string, string[]> = {
  events: [],
  inbox: ['events'],
  webhook: ['inbox', 'events'],
  dispatch: ['inbox', 'events'],
  messages: ['events'],
  'postack-api': ['events'],
  replies: ['events', 'dispatch', 'messages', 'postack-api'],
  alerts: ['events', 'webhook', 'inbox', 'dispatch', 'messages', 'replies'],
  failures: ['events', 'dispatch', 'messages', 'postack-api', 'replies', 'alerts'],
  reports: ['events', 'inbox', 'webhook', 'dispatch', 'messages', 'postack-api', 'replies', 'failures'],
  retention: ['inbox', 'dispatch'],
  testing: ['webhook', 'dispatch', 'events'],
  simulator: [],
  service: [
    'webhook',
    'inbox',
    'events',
    'dispatch',
    'messages',
    'replies',
    'failures',
    'alerts',
    'postack-api',
    'reports',
    'retention',
    'testing',
  ],
  demo: ['service', 'simulator', 'replies'],
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
      if (target === undefined)
        return !isBase(to) && !(to === 'src/postack.options.ts' || folder === 'service');
      return !MAY_IMPORT[folder]?.includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it('of the base use no folder', () => {
    expect(imports.filter(({ from, to }) => isBase(from) && !isBase(to))).toEqual([]);
  });

  it('leave the service to main.ts and the demo', () => {
    const wrong = imports.filter(
      ({ from, to }) => folderOf(to) === 'service' && !['service', 'demo'].includes(folderOf(from) ?? ''),
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

function isBase(path: string): boolean {
  return BASE.some((name) => path === `src/${name}.ts`);
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
