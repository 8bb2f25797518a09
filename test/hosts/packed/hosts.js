// Applications as other people have them, each installed with the packed tarball and used over HTTP. `npm run test:hosts`.
// They are installed from the package registry, so they are no part of `npm test`; the other files of test/hosts/ are.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PackedHost, postgres, secret } from './packed-host.js';

const NEST = (version) =>
  Object.fromEntries(
    ['common', 'core', 'platform-express', 'platform-fastify'].map((name) => [`@nestjs/${name}`, version]),
  );

const SHARED = {
  '@fastify/compress': '^8.0.0',
  '@fastify/helmet': '^13.0.0',
  '@nestjs/throttler': '^6.4.0',
  '@types/compression': '^1.7.5',
  '@types/node': '^24.0.0',
  'class-transformer': '^0.5.1',
  compression: '^1.7.5',
  helmet: '^8.0.0',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.1',
  // For the local Postack.
  svix: '^2.5.0',
};

const NEST_11 = {
  ...SHARED,
  ...NEST('^11.0.0'),
  '@nestjs/event-emitter': '^3.0.0',
  '@nestjs/typeorm': '^11.0.0',
  pg: '^8.16.0',
  typescript: '^5.8.0',
};

const NEST_10 = {
  ...SHARED,
  '@fastify/compress': '^7.0.0',
  '@fastify/helmet': '^11.0.0',
  ...NEST('^10.0.0'),
  '@nestjs/event-emitter': '^2.0.0',
  '@nestjs/typeorm': '^10.0.2',
  pg: '^8.16.0',
  typescript: '^5.8.0',
};

const NEST_12 = {
  ...SHARED,
  ...NEST('^12.0.0'),
  '@nestjs/event-emitter': '^12.0.0',
  '@nestjs/typeorm': '^12.0.0',
  pg: '^8.16.0',
  typescript: '^6.0.0',
};

const HOSTS = [
  {
    name: 'nest-11-commonjs-typeorm-0.3',
    dependencies: { ...NEST_11, typeorm: '0.3.31' },
    module: 'commonjs',
    adapters: ['express', 'fastify'],
  },
  {
    name: 'nest-11-commonjs-oldest',
    dependencies: {
      ...NEST_11,
      ...NEST('11.0.5'),
      typeorm: '0.3.26',
    },
    module: 'commonjs',
    adapters: ['express'],
  },
  {
    name: 'nest-10-commonjs-express-4',
    dependencies: { ...NEST_10, typeorm: '0.3.20' },
    module: 'commonjs',
    adapters: ['express', 'fastify'],
  },
  {
    name: 'nest-12-esm-typeorm-1',
    dependencies: { ...NEST_12, typeorm: '^1.0.0' },
    module: 'nodenext',
    adapters: ['express', 'fastify'],
  },
];

for (const { name, adapters, ...settings } of HOSTS) {
  describe(name, () => {
    const host = new PackedHost(name, settings);
    before(() => host.install());

    it('compiles, strictly, with the declarations of all packages checked that are ours', async () => {
      await host.compile();
    });

    it('finds declarations in every way there is', async () => {
      for (const resolution of ['node10', 'node16', 'nodenext', 'bundler']) await host.checkTypes(resolution);
    });

    it('loads every entry', async () => {
      assert.match(await host.run(['node', 'dist/entries.js']), /^(?:function |object )+function\n$/);
    });

    for (const adapter of adapters) {
      describe(`on ${adapter}`, () => {
        let running;
        before(async () => {
          running = await host.start(adapter, { DATABASE_URL: await postgres.createDatabase() });
        });
        after(() => running?.kill());

        it('takes signed webhooks, whatever else the application does to requests', async () => {
          for (const number of [1, 2, 3, 4, 5]) {
            const id = `msg_${adapter}_${number}`;
            const response = await running.post(id, 'Grüße 👋');
            assert.equal(response.status, 204);
            assert.equal(response.headers.get('postack-receipt'), 'accepted');
            const heard = await running.print(new RegExp(`^heard (.*"${id}".*)$`, 'm'));
            assert.deepEqual(JSON.parse(heard), {
              id,
              text: 'Grüße 👋',
              from: '+15550100001',
              isTyped: true,
            });
          }
        });

        it('knows a webhook that comes twice, and a signature made with another secret', async () => {
          const response = await running.post(`msg_${adapter}_1`, 'Grüße 👋');
          assert.equal(response.headers.get('postack-receipt'), 'duplicate');
          assert.equal((await running.post(`msg_${adapter}_9`, 'Not me', secret(2))).status, 401);
        });

        it('leaves its own routes as they are', async () => {
          const orders = async (ticket) =>
            (await fetch(`${running.origin}/shop/v1/orders`, { headers: { ticket } })).json();
          assert.deepEqual(await orders('valid'), { data: ['pear'] });
          assert.equal((await orders('none')).message, 'no ticket');
        });

        it('stops when it is told to', () => running.stop());
      });
    }
  });
}

describe('A repository of an API and a worker', () => {
  const host = new PackedHost('monorepo', {
    dependencies: { ...NEST_11, typeorm: '0.3.31' },
    module: 'commonjs',
  });
  let api;
  let worker;
  before(async () => {
    await host.install();
    await host.compile();
    const DATABASE_URL = await postgres.createDatabase();
    // Both at once, on an empty database.
    [api, worker] = await Promise.all([
      host.start('express', { DATABASE_URL, ROLE: 'accept' }),
      host.start('fastify', { DATABASE_URL, ROLE: 'work', POSTACK_WEBHOOK_SECRET: '' }),
    ]);
  });
  after(async () => {
    await api?.kill();
    await worker?.kill();
  });

  it('takes webhooks in one process, and hands them to the listeners of the other', async () => {
    assert.equal((await api.post('msg_mono', 'Hello')).status, 204);
    const heard = await worker.print(/^heard (.*)$/m);
    assert.equal(JSON.parse(heard).id, 'msg_mono');
    assert.equal(api.printed.includes('heard'), false);
  });
});

describe('The unit tests of a host', () => {
  const host = new PackedHost('unit-tests', {
    dependencies: {
      ...NEST_11,
      typeorm: '0.3.31',
      jest: '^30.5.0',
      'ts-jest': '^29.4.0',
      vitest: '^4.0.0',
    },
    module: 'commonjs',
    sources: 'unit',
  });
  before(() => host.install());

  it('run in jest, as CommonJS', async () => {
    await host.run([
      'node',
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      'unit/greeter.spec.ts',
    ]);
  });

  it('run in vitest', async () => {
    await host.run(['node', 'node_modules/vitest/vitest.mjs', 'run', 'unit/greeter.test.ts']);
  });
});
