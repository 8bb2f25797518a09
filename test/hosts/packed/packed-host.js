import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { Webhook } from 'svix';

const repository = join(import.meta.dirname, '..', '..', '..');

/** A signing secret; another one for each byte. */
export const secret = (byte = 1) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;

/** As in a shell of their own: on this Node, without this repository's programs, and not part of this test run. */
const environment = {
  ...process.env,
  NODE_TEST_CONTEXT: undefined,
  PATH: [dirname(process.execPath), ...process.env.PATH.split(delimiter)]
    .filter((entry) => !entry.endsWith(join('node_modules', '.bin')))
    .join(delimiter),
  POSTACK_WEBHOOK_SECRET: secret(),
};

const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-hosts-'));
process.on('exit', () => {
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a program to its end and returns what it wrote; fails with all that it printed. */
async function run(cwd, [program, ...args]) {
  const options = { cwd, env: environment, maxBuffer: 2 ** 24, timeout: 600_000 };
  return promisify(execFile)(program, args, options).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => assert.fail(`${program} ${args.join(' ')}\n${stdout}${stderr}`),
  );
}

const report = await run(repository, ['npm', 'pack', '--json', '--pack-destination', directory]);
const [{ filename }] = JSON.parse(report.slice(report.search(/^\[/m)));
const tarball = join(directory, filename);

const { EmbeddedPostgres } = await import('../../../dist/src/service/embedded-postgres/embedded-postgres.js');
const cluster = await EmbeddedPostgres.start(join(directory, 'postgres'));
after(() => cluster.stop());

let databases = 0;
export const postgres = {
  async createDatabase() {
    const name = `host_${++databases}`;
    const client = new Client({ connectionString: cluster.url });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return Object.assign(new URL(cluster.url), { pathname: `/${name}` }).href;
  },
};

/** An application with its own `node_modules`, made of the sources in `app/`. */
export class PackedHost {
  #directory;
  #settings;

  /** `module`: `commonjs` or `nodenext`, as its tsconfig.json says. */
  constructor(name, settings) {
    this.#directory = join(directory, name);
    this.#settings = settings;
  }

  async install() {
    const { dependencies, module, sources = 'src' } = this.#settings;
    await cp(join(import.meta.dirname, 'app'), this.#directory, { recursive: true });
    const manifest = {
      name: 'host',
      private: true,
      type: module === 'commonjs' ? 'commonjs' : 'module',
      dependencies: { ...dependencies, 'nestjs-postack': `file:${tarball}` },
    };
    await writeFile(join(this.#directory, 'package.json'), JSON.stringify(manifest));
    await writeFile(
      join(this.#directory, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution: module === 'commonjs' ? 'node10' : module,
          // Deprecated, and what most applications have.
          ...(module === 'commonjs' &&
            dependencies.typescript.startsWith('^6') && { ignoreDeprecations: '6.0' }),
          target: 'es2023',
          outDir: 'dist',
          rootDir: sources,
          strict: true,
          esModuleInterop: true,
          skipLibCheck: true,
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
          types: ['node'],
        },
        include: [sources],
      }),
    );
    await this.run(['npm', 'install', '--no-audit', '--no-fund']);
  }

  run(command) {
    return run(this.#directory, command);
  }

  async compile() {
    await this.run(['npx', 'tsc']);
  }

  /** That every entry has declarations without a mistake, with those of all packages checked that they need. */
  async checkTypes(moduleResolution) {
    const module = { node10: 'commonjs', bundler: 'esnext' }[moduleResolution] ?? moduleResolution;
    const { version } = JSON.parse(
      await readFile(join(this.#directory, 'node_modules/typescript/package.json'), 'utf8'),
    );
    const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--experimentalDecorators'];
    options.push('--emitDecoratorMetadata', '--esModuleInterop', '--target', 'es2023', '--types', 'node');
    options.push('--module', module, '--moduleResolution', moduleResolution, '--ignoreConfig');
    if (version.startsWith('5')) options.splice(options.indexOf('--ignoreConfig'), 1);
    else if (moduleResolution === 'node10') options.push('--ignoreDeprecations', '6.0');
    const printed = await this.run([
      'sh',
      '-c',
      `npx tsc ${options.join(' ')} --pretty false src/entries.ts || true`,
    ]);
    const ours = printed.split('\n').filter((line) => /^(?:node_modules\/nestjs-postack\/|src\/)/.test(line));
    assert.deepEqual(ours, [], `with "moduleResolution": "${moduleResolution}"`);
    assert.doesNotMatch(printed, /pg-boss|node_modules\/pg\//);
  }

  /** Starts the application, and waits until it listens. */
  async start(adapter, env) {
    const child = spawn('node', [`dist/${adapter}.js`], {
      cwd: this.#directory,
      env: { ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const host = new RunningHost(child);
    host.origin = await host.print(/^listening at (\S+)$/m);
    return host;
  }
}

class RunningHost {
  origin;
  printed = '';
  #child;

  constructor(child) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.printed += chunk));
  }

  /** Waits until the application has printed something that matches, and returns its first group. */
  async print(pattern) {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const match = pattern.exec(this.printed);
      if (match) return match[1];
      const isOver = this.#child.exitCode !== null || Date.now() > deadline;
      assert.ok(!isOver, `The application never printed ${pattern}, but:\n${this.printed}`);
      await sleep(20);
    }
  }

  /** Posts an event as Postack does: signed by the official Svix library. */
  post(id, text, signingSecret = secret()) {
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
    return fetch(`${this.origin}/api/v1/webhooks`, { method: 'POST', headers, body });
  }

  async stop() {
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit', { signal: AbortSignal.timeout(40_000) });
  }

  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
