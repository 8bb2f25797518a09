// Two projects: `unit` needs nothing, `integration` gets a PostgreSQL of its own. Both transform with SWC, which
// does not check types: `npm run typecheck` does.
const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  // Not those that are named so: libphonenumber-js has `metadata.min.json.js`.
  moduleNameMapper: { '^(\\.{1,2}/(?!.*\\.json\\.js$).*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFiles: ['reflect-metadata'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

export default {
  testTimeout: 30_000,
  // Most tests wait for processes, jobs and receipts for most of their time.
  maxWorkers: 2,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/src/**/*.spec.ts'] },
    {
      ...base,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      // Tests of an application in which they are run.
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/hosts/packed/'],
      globalSetup: '<rootDir>/test/support/start-postgres.js',
      globalTeardown: '<rootDir>/test/support/stop-postgres.js',
    },
  ],
};
