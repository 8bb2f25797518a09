import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');

/** Every exported name of a module, types included. */
function exportsOf(file: string): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const path = join(root, file);
  const program = ts.createProgram([path], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(path)!);
  return checker
    .getExportsOfModule(symbol!)
    .map((one) => one.name)
    .sort();
}

// A change here is a change for every user: it belongs into CHANGELOG.md.
describe('the public surface', () => {
  it('of nestjs-postack is what it was', () => {
    expect(exportsOf('src/index.ts')).toMatchSnapshot();
  });

  it('of nestjs-postack/testing is what it was', () => {
    expect(exportsOf('src/testing/index.ts')).toMatchSnapshot();
  });
});
