// What a stranger gets: the packed tarball, installed in a blank Nest application and used there over HTTP.
// `npm run test:package`. It installs from the package registry, so it is no part of `npm test`.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { Webhook } from 'svix';

const repository = join(import.meta.dirname, '..', '..');

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const otherSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

/** As in a shell of their own: on this Node, without this repository's programs, and not part of this test run. */
const environment = {
  ...process.env,
  NODE_TEST_CONTEXT: undefined,
  PATH: [dirname(process.execPath), ...process.env.PATH.split(delimiter)]
    .filter((entry) => !entry.endsWith(join('node_modules', '.bin')))
    .join(delimiter),
  POSTACK_WEBHOOK_SECRET: secret,
};

const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-package-'));
const application = join(directory, 'blank-app');
process.on('exit', () => {
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a program to its end and returns what it wrote; fails with all that it printed. */
async function run(cwd, [program, ...args], env = {}) {
  const options = { cwd, env: { ...environment, ...env }, maxBuffer: 2 ** 24, timeout: 300_000 };
  return promisify(execFile)(program, args, options).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => assert.fail(`${program} ${args.join(' ')}\n${stdout}${stderr}`),
  );
}

await cp(join(import.meta.dirname, 'blank-app'), application, { recursive: true });
const report = await run(repository, ['npm', 'pack', '--json', '--pack-destination', directory]);
const [packed] = JSON.parse(report.slice(report.search(/^\[/m)));
const tarball = join(application, 'nestjs-postack.tgz');
const installed = join(application, 'node_modules/nestjs-postack');
await rename(join(directory, packed.filename), tarball);
await run(application, ['npm', 'install']);

const { EmbeddedPostgres } = await import('../../dist/src/service/embedded-postgres/embedded-postgres.js');
const postgres = await EmbeddedPostgres.start(join(directory, 'postgres'));
after(() => postgres.stop());

async function createDatabase(name) {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
}

describe('the tarball', () => {
  const paths = () => packed.files.map(({ path }) => path);

  it('holds the compiled source, the documents, and nothing else', () => {
    const documents = paths().filter((path) => !path.startsWith('dist/'));
    assert.deepEqual(documents.sort(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    const schema = 'dist/src/service/config/config.schema.json';
    assert.ok(paths().includes(schema), 'the JSON Schema of the configuration file is missing');
    const ours = paths().filter((path) => path.startsWith('dist/') && path !== schema);
    for (const path of ours.filter((path) => path !== 'dist/cjs/package.json')) {
      const [, source] = /^dist\/(?:cjs\/)?((?:src|migrations)\/.+)\.(?:js|d\.ts)$/.exec(path) ?? [];
      assert.ok(source && !source.endsWith('.spec'), `${path} has no business in the package`);
      assert.ok(existsSync(join(repository, `${source}.ts`)), `${path} has no source any more: remove dist/`);
    }
  });

  it('holds no module that neither an entry nor a command reaches', async () => {
    const { exports, bin } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    const starts = Object.values(exports).flatMap((entry) => entry.import?.default ?? []);
    const reached = new Set();
    const visit = async (file) => {
      if (reached.has(file)) return;
      reached.add(file);
      const text = await readFile(file, 'utf8');
      const imports = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
      for (const [, target] of imports) await visit(join(dirname(file), target));
    };
    for (const start of [...starts, bin.postack]) await visit(join(installed, start));
    const modules = paths().filter((path) => /^dist\/(?:src|migrations)\/.*\.js$/.test(path));
    const unreached = modules.filter((path) => !reached.has(join(installed, path)));
    for (const path of unreached) {
      // One of types only is reached by declarations.
      assert.equal(await readFile(join(installed, path), 'utf8'), 'export {};\n', `nothing imports ${path}`);
    }
  });

  it('is what publint and attw expect of a package', async () => {
    await run(repository, ['npx', 'publint', '--strict', tarball]);
    await run(repository, ['npx', 'attw', '--no-emoji', tarball]);
  });

  it('adds at most 20 packages and 20 MB to an application with Nest, TypeORM and validation', async () => {
    const sizes = async (name, dependencies) => {
      const folder = join(directory, name);
      await mkdir(folder);
      await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
      await run(folder, ['npm', 'install', '--no-audit', '--no-fund']);
      const lock = JSON.parse(await readFile(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
      const [kilobytes] = (await run(folder, ['du', '-sk', '--apparent-size', 'node_modules'])).split('\t');
      return { packages: Object.keys(lock.packages).length, megabytes: Number(kilobytes) / 1024 };
    };
    const { dependencies } = JSON.parse(await readFile(join(application, 'package.json'), 'utf8'));
    const validation = { 'class-transformer': '^0.5.1', 'class-validator': '^0.15.1' };
    const host = {
      ...dependencies,
      ...validation,
      '@nestjs/event-emitter': '^12.0.0',
      pg: '^8.16.0',
      typeorm: '^1.0.0',
    };
    delete host['nestjs-postack'];
    const without = await sizes('without', host);
    const withUs = await sizes('with', { ...host, 'nestjs-postack': `file:${tarball}` });
    const [packages, megabytes] = ['packages', 'megabytes'].map((what) => withUs[what] - without[what]);
    console.log(`adds ${packages} packages and ${megabytes.toFixed(1)} MB`);
    assert.ok(
      packages <= 20 && megabytes <= 20,
      `it adds ${packages} packages and ${megabytes.toFixed(1)} MB`,
    );
  });
});

describe('a blank Nest application', () => {
  it('compiles against it, strictly', async () => {
    await run(application, ['npm', 'run', 'build']);
  });

  it('finds nothing wrong in its declarations', async () => {
    // Those of other packages are theirs: pg-boss 12.38, for one, has mistakes in its own.
    const check =
      'npx tsc --noEmit --pretty false --skipLibCheck false | grep ^node_modules/nestjs-postack/ || true';
    assert.equal(await run(application, ['sh', '-c', check]), '');
  });

  it('can require it from CommonJS', async () => {
    assert.equal(await run(application, ['node', 'dist/common-js.cjs']), 'function function\n');
  });

  it('tests its own listener with nestjs-postack/testing', async () => {
    await run(application, ['npm', 'test'], { DATABASE_URL: await createDatabase('own_test') });
  });
});

for (const adapter of ['express', 'fastify']) {
  describe(`the blank application on ${adapter}`, () => {
    let child;
    let origin;
    let printed = '';

    /** Waits until the application has printed something that matches, and returns its first group. */
    async function print(pattern) {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const match = pattern.exec(printed);
        if (match) return match[1];
        const isOver = child.exitCode !== null || Date.now() > deadline;
        assert.ok(!isOver, `The application never printed ${pattern}, but:\n${printed}`);
        await sleep(20);
      }
    }

    /** Posts an event as Postack does: signed by the official Svix library. */
    function post(id, text, signingSecret = secret) {
      const at = new Date();
      const body = JSON.stringify({
        type: 'message.received',
        timestamp: at,
        data: { id, from: '+15550100001', text },
      });
      const headers = {
        'content-type': 'application/json',
        'svix-id': id,
        'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
        'svix-signature': new Webhook(signingSecret).sign(id, at, body),
      };
      return fetch(`${origin}/api/v1/webhooks`, { method: 'POST', headers, body });
    }

    before(async () => {
      const env = {
        ...environment,
        POSTACK_HTTP_ADAPTER: adapter,
        DATABASE_URL: await createDatabase(adapter),
      };
      child = spawn('node', ['dist/main.js'], { cwd: application, env, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
      origin = await print(/^listening at (\S+)$/m);
    });

    after(async () => {
      if (child?.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    });

    it('takes a signed webhook and hands its listener the typed event', async () => {
      const response = await post(`msg_${adapter}_1`, 'Grüße 👋');
      assert.equal(response.status, 204);
      assert.equal(response.headers.get('postack-receipt'), 'accepted');
      assert.deepEqual(JSON.parse(await print(/^heard (.*)$/m)), {
        id: `msg_${adapter}_1`,
        text: 'Grüße 👋',
        from: '+15550100001',
        isTyped: true,
      });
    });

    it('knows a webhook that comes twice', async () => {
      const response = await post(`msg_${adapter}_1`, 'Grüße 👋');
      assert.equal(response.status, 204);
      assert.equal(response.headers.get('postack-receipt'), 'duplicate');
    });

    it('refuses a signature made with another secret', async () => {
      const response = await post(`msg_${adapter}_2`, 'Not me', otherSecret);
      assert.equal(response.status, 401);
    });

    it('still parses the JSON of its own routes in its own way', async () => {
      const order = async (items) => {
        const body = JSON.stringify({ items });
        const headers = { 'content-type': 'application/json' };
        return fetch(`${origin}/shop/orders`, { method: 'POST', headers, body });
      };
      const response = await order(Array(50_000).fill('a pear'));
      assert.equal(response.status, 201);
      assert.deepEqual(await response.json(), { items: 50_000 });
      assert.equal((await order(Array(150_000).fill('a pear'))).status, 413);
    });

    it('stops when it is told to', async () => {
      child.kill('SIGTERM');
      await once(child, 'exit', { signal: AbortSignal.timeout(30_000) });
    });
  });
}
