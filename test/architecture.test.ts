import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { cruise, type ICruiseResult } from 'dependency-cruiser';

const root = join(import.meta.dirname, '..');

/** The floors of the house, lowest first: a folder imports only from folders of lower floors, and of these only some. */
const FLOORS: Record<string, string[]>[] = [
  { errors: [] },
  { database: ['errors'], events: ['errors'] },
  {
    csv: ['events'],
    jobs: ['errors', 'database', 'events'],
    'postack-api': ['errors', 'database', 'events'],
  },
  {
    listeners: ['errors', 'database', 'events', 'jobs'],
    inbox: ['errors', 'database', 'events', 'jobs'],
    suppressions: ['errors', 'database', 'events', 'csv'],
  },
  {
    webhook: ['errors', 'inbox', 'jobs'],
    messages: ['errors', 'database', 'events', 'listeners'],
  },
  {
    'opt-outs': ['errors', 'database', 'events', 'listeners', 'csv', 'messages', 'suppressions'],
  },
  {
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
    ],
  },
  {
    dispatch: ['errors', 'database', 'events', 'listeners', 'jobs', 'inbox', 'outbox'],
    replies: [
      'errors',
      'database',
      'events',
      'listeners',
      'csv',
      'messages',
      'suppressions',
      'opt-outs',
      'outbox',
    ],
  },
  {
    replays: ['errors', 'database', 'events', 'listeners', 'jobs', 'inbox', 'messages', 'dispatch'],
    retention: ['database', 'jobs', 'inbox', 'dispatch'],
    'wire-format': ['database', 'events', 'inbox', 'dispatch'],
    alerts: ['errors', 'database', 'events', 'jobs', 'webhook', 'inbox', 'dispatch', 'messages', 'outbox'],
  },
  {
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
  },
  {
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
      'retention',
    ],
  },
  {
    testing: ['errors', 'events', 'listeners', 'webhook', 'dispatch', 'outbox', 'reports'],
    simulator: ['errors'],
  },
  {
    service: [
      'errors',
      'database',
      'events',
      'jobs',
      'listeners',
      'webhook',
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
      'wire-format',
    ],
  },
  {
    cli: ['errors', 'events', 'dispatch', 'replays', 'reports', 'service', 'testing', 'wire-format'],
    demo: ['errors', 'service', 'simulator', 'replies', 'outbox'],
  },
];

const MAY_IMPORT = Object.assign({}, ...FLOORS) as Record<string, string[]>;

/** The folders that are no feature of the module, and so have no Nest module of their own. */
const NO_FEATURE = ['errors', 'csv', 'database', 'testing', 'simulator', 'service', 'cli', 'demo'];

/** Folders inside a folder are private to it, except these. */
const PUBLIC_SUBFOLDERS = ['dispatch/outcomes', 'replies/rules', 'service/config'];

/** Files that put the features together: they may reach into them. */
const COMPOSING = ['src/index.ts', 'src/postack.entities.ts', 'src/postack.boot-log.ts'];

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

  it('are those that are declared', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [folder, target] = [folderOf(from), folderOf(to)];
      if (folder === undefined || folder === target) return false;
      // The service is the one folder that is built on the whole module; the command starts it.
      if (target === undefined) return folder !== 'service' && from !== 'src/cli/postack.ts';
      return !MAY_IMPORT[folder]?.includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it('are declared only where there are any', () => {
    const used = new Set(imports.map(({ from, to }) => `${folderOf(from) ?? ''} → ${folderOf(to) ?? ''}`));
    const declared = Object.entries(MAY_IMPORT).flatMap(([from, targets]) =>
      targets.map((to) => `${from} → ${to}`),
    );
    expect(declared.filter((pair) => !used.has(pair))).toEqual([]);
  });

  it('go from a higher floor to a lower one', () => {
    const floorOf = (folder: string) => FLOORS.findIndex((floor) => folder in floor);
    const upward = Object.entries(MAY_IMPORT).flatMap(([folder, targets]) =>
      targets.filter((target) => floorOf(target) >= floorOf(folder)).map((target) => `${folder} → ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it('leave the service to main.ts, the command line and the demo', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        folderOf(to) === 'service' && !['service', 'cli', 'demo'].includes(folderOf(from) ?? ''),
    );
    expect(new Set(wrong.map(({ from }) => from))).toEqual(new Set(['src/main.ts']));
  });

  it('do not reach into the private folders of another feature', () => {
    const wrong = imports.filter(({ from, to }) => {
      const subfolder = /^src\/([^/]+\/[^/]+)\//.exec(to)?.[1];
      if (subfolder === undefined || folderOf(from) === folderOf(to)) return false;
      return !PUBLIC_SUBFOLDERS.includes(subfolder) && !COMPOSING.includes(from);
    });
    expect(wrong).toEqual([]);
  });

  it('have no cycles', () => {
    expect(result.modules.length).toBeGreaterThan(50);
    const next = Map.groupBy(imports, ({ from }) => from);
    expect(cyclesIn(new Map([...next].map(([from, list]) => [from, list.map(({ to }) => to)])))).toEqual([]);
  });

  it('are declared for every folder', async () => {
    expect((await foldersOf('src')).sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });
});

describe('the house', () => {
  it('has at most 9 files at the top of src/', async () => {
    const entries = await readdir(join(root, 'src'), { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.length).toBeLessThanOrEqual(9);
  });

  it('has a Nest module for each feature, which PostackModule imports or another feature does', async () => {
    const features = (await foldersOf('src')).filter((folder) => !NO_FEATURE.includes(folder));
    const missing = features.filter(
      (folder) => !existsSync(join(root, 'src', folder, `${folder}.module.ts`)),
    );
    expect(missing).toEqual([]);
  });

  it('is put together by a postack.module.ts of at most 80 lines', async () => {
    const text = await readFile(join(root, 'src', 'postack.module.ts'), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(80);
  });

  it('has tests in folders of the same names', async () => {
    const others = [
      'hosts',
      'support',
      'bench',
      'package',
      'reliability',
      'types',
      '__snapshots__',
      'docs',
      'migrations',
    ];
    const folders = new Set([...(await foldersOf('src')), ...others]);
    expect((await foldersOf('test')).filter((folder) => !folders.has(folder))).toEqual([]);
  });
});

async function foldersOf(path: string): Promise<string[]> {
  const entries = await readdir(join(root, path), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

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
