import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { FAILURE_CATALOGUE } from '../../src/failures/failure-catalogue.js';
import { ServiceConfig } from '../../src/service/config/service.config.js';
import { packageEntries, typeErrorsIn } from '../support/compiler.js';
import { anchorsOf, blocksOf, DOCUMENTS, GUIDES, relativeLinksOf, root, textOf } from './documents.js';
import { ROUTE_DESCRIPTIONS } from './route-descriptions.js';
import { nameOf } from './routes-table.js';
import { routes } from './routes.js';
import { knownSettings, SETTING_DESCRIPTIONS } from './settings.js';

describe('the documents', () => {
  it('have a README that is short', () => {
    expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(200);
  });

  it('have a guide for each folder that a user meets', () => {
    expect(GUIDES.length).toBeGreaterThanOrEqual(18);
    const linked = relativeLinksOf('README.md').map((link) => normalize(link.replace(/#.*/, '')));
    expect(GUIDES.filter((guide) => guide !== 'README.md' && !linked.includes(guide))).toEqual([]);
  });

  it.each(DOCUMENTS)('link to what there is: %s', (file) => {
    const broken = relativeLinksOf(file).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : normalize(join(dirname(file), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(DOCUMENTS.filter((file) => file !== 'CHANGELOG.md'))('name files that there are: %s', (file) => {
    const paths = [...textOf(file).matchAll(/`((?:src|test|migrations|\.ci|\.github)\/[\w./-]*)`/g)].map(
      ([, path]) => path!,
    );
    const fresh = ['src/events/message-read.event.ts'];
    expect(paths.filter((path) => !fresh.includes(path) && !existsSync(join(root, path)))).toEqual([]);
  });

  it('name only entries of the package that there are', () => {
    const known = Object.keys(packageEntries());
    for (const file of GUIDES) {
      const named = textOf(file).match(/(?<=[`'])nestjs-postack(?:\/\w+)?(?=[`'])/g) ?? [];
      expect([file, named.filter((entry) => !known.includes(entry))]).toEqual([file, []]);
    }
  });

  it('name only npm scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const ownCommands = new Set(['install', 'pack', 'ci', ...Object.keys(scripts)]);
    for (const file of DOCUMENTS) {
      const named = [...textOf(file).matchAll(/(?:^|`|&& )npm (?:run )?([a-z][\w:-]*)/gm)].map(
        ([, name]) => name,
      );
      expect([file, named.filter((name) => !ownCommands.has(name!))]).toEqual([file, []]);
    }
  });

  it('show the meanings of error codes that the catalogue has', () => {
    const shown = GUIDES.flatMap(blocksOf)
      .filter(({ language }) => language === 'json')
      .flatMap(({ content }) => [...content.matchAll(/"meaning": "([^"]+)"/g)].map(([, meaning]) => meaning));
    expect(shown).not.toEqual([]);
    const known = Object.values(FAILURE_CATALOGUE).map(({ meaning }) => meaning);
    expect(shown.filter((meaning) => !known.includes(meaning!))).toEqual([]);
  });

  it('have programs that compile', () => {
    const programs = GUIDES.flatMap(blocksOf).filter(({ content }) => content.startsWith('// program:'));
    expect(programs.length).toBeGreaterThan(10);
    const texts = new Map(
      programs.map(({ where, content }) => [
        join(root, 'test', `program in ${where.replaceAll(/[/:]/g, ' ')}.ts`),
        content,
      ]),
    );
    const host = ts.createCompilerHost({});
    const files = { ...host };
    host.fileExists = (path) => texts.has(path) || files.fileExists(path);
    host.readFile = (path) => texts.get(path) ?? files.readFile(path);
    expect(typeErrorsIn([...texts.keys()], host)).toBe('');
  }, 60_000);
});

describe('the settings of the service', () => {
  const named = (text: string) => [...new Set(text.match(/\bPOSTACK_[A-Z][A-Z_]*[A-Z]\b/g))];
  const { names, files } = knownSettings();

  it.each([...GUIDES, '.env.example', 'docker-compose.yml'])('that %s names are all known', (file) => {
    const known = [...names, ...files.map((name) => `${name}_FILE`)];
    expect(named(textOf(file)).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('are all described, and those that are described are known', () => {
    expect(Object.keys(SETTING_DESCRIPTIONS).sort()).toEqual([...names].sort());
  });

  it('are all in .env.example, and their files too', () => {
    const example = textOf('.env.example');
    const missing = [...names, ...files.map((name) => `${name}_FILE`)].filter(
      (name) => !new RegExp(String.raw`^# ${name}=`, 'm').test(example),
    );
    expect(missing).toEqual([]);
  });

  it('have the defaults that are described', () => {
    for (const [name, { default: value }] of Object.entries(SETTING_DESCRIPTIONS)) {
      if (value.startsWith('*')) continue;
      expect([name, settingsIn({ [name]: value })]).toEqual([name, settingsIn({})]);
    }
  });
});

describe('the routes of the service', () => {
  it('are all described, and those that are described exist', async () => {
    const known = (await routes()).map(nameOf);
    expect(Object.keys(ROUTE_DESCRIPTIONS).sort()).toEqual(known.sort());
  });

  it('are what the commands in the guides ask for', async () => {
    const known = await routes();
    const asked = GUIDES.flatMap(blocksOf)
      .filter(({ language }) => language === 'sh')
      .flatMap(({ where, content }) => requestsIn(content).map((request) => ({ where, ...request })));
    expect(asked.length).toBeGreaterThan(40);
    const unknown = asked.filter(
      ({ method, path }) =>
        !known.some((route) => route.method === method && patternOf(route.path).test(path)),
    );
    expect(unknown).toEqual([]);
  });
});

/** What an environment amounts to; an unset path is the module's own default. */
function settingsIn(environment: Record<string, string>): object {
  const settings = Object.entries(new ServiceConfig(environment));
  return Object.fromEntries(
    settings.map(([name, value]: [string, unknown]) => [
      name,
      name === 'webhookPath' ? (value ?? '/api/v1/webhooks') : value,
    ]),
  );
}

/** The requests to the admin API that `curl` commands make. */
function requestsIn(commands: string): { method: string; path: string }[] {
  const lines = commands.replaceAll(/\\?\n +/g, ' ').split('\n');
  return lines.flatMap((line) => {
    const [, path] = /^curl .*?\$API(\/[^\s"?]*)/.exec(line) ?? [];
    if (path === undefined) return [];
    const [, given] = /-X ([A-Z]+)/.exec(line) ?? [];
    return {
      method: given ?? (/ (?:-d|--data-binary) /.test(line) ? 'POST' : 'GET'),
      path: `/api/v1${path}`,
    };
  });
}

/** What a path with parameters fits. Variables and words of a command stand for parameters. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:\w+/g, String.raw`[$\w.+-]+`)}$`);
}
