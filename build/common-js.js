// Makes what CommonJS applications import, `dist/cjs`: for each entry a module that requires the ES module, so that there is
// one instance of each class whoever imports it, and all declarations once more as CommonJS ones. Run before packing.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist', 'cjs');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// An old Node cannot require an ES module, and so not get as far as the check in src/errors/node-version.ts.
const CHECK = `const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  throw new Error('nestjs-postack needs Node.js 22.13 or later, or 24.11 or later; this is ' + process.versions.node);
}
`;

rmSync(out, { recursive: true, force: true });
for (const folder of ['src', 'migrations']) {
  cpSync(join(root, 'dist', folder), join(out, folder), {
    recursive: true,
    filter: (path) => !/\.(?:js|map|json)$/.test(path),
  });
}
writeFileSync(join(out, 'package.json'), '{ "type": "commonjs" }\n');
for (const { import: module, require: common } of Object.values(exports)) {
  if (common === undefined) continue;
  const file = join(root, common.default);
  mkdirSync(dirname(file), { recursive: true });
  const target = relative(dirname(file), join(root, module.default));
  writeFileSync(file, `'use strict';\n${CHECK}module.exports = require('${target}');\n`);
}
