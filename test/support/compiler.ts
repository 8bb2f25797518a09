import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..', '..');

/** A program's own path: it need not exist. */
const PROGRAM = join(root, 'test', 'a-program-of-its-own.ts');

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const entries = Object.entries(packageEntries());
  const paths = Object.fromEntries(entries.map(([entry, source]) => [entry, [join(root, source)]]));
  return { ...options, noEmit: true, paths };
}

/** Each entry of package.json, as users import it → its source. */
export function packageEntries(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { import: { types: string } }>;
  };
  return Object.fromEntries(
    Object.entries(manifest.exports)
      .filter(([entry]) => !entry.endsWith('.json'))
      .map(
        ([
          entry,
          {
            import: { types },
          },
        ]) => [join('nestjs-postack', entry), types.replace('./dist/', '').replace('.d.ts', '.ts')],
      ),
  );
}

/** The compiler's messages about some files, not about what they import; empty when they are right. */
export function typeErrorsIn(files: string[], host?: ts.CompilerHost): string {
  const program = ts.createProgram(files, compilerOptions(), host);
  const diagnostics = files.flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)));
  return ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
  });
}

/** The compiler's messages about the text of a program; empty when it is right. */
export function typeErrorsOf(program: string): string {
  const host = ts.createCompilerHost(compilerOptions());
  const files = { ...host };
  host.fileExists = (path) => path === PROGRAM || files.fileExists(path);
  host.readFile = (path) => (path === PROGRAM ? program : files.readFile(path));
  return typeErrorsIn([PROGRAM], host);
}

/** Parsing takes most of the time, and modules import many of the same files. */
const parsedFiles = new Map<string, ts.SourceFile | undefined>();

function parsingOnce(): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions());
  return {
    ...host,
    getSourceFile: (path, ...options) => {
      if (!parsedFiles.has(path)) parsedFiles.set(path, host.getSourceFile(path, ...options));
      return parsedFiles.get(path);
    },
  };
}

/** Every name that a module exports, types included. */
export function exportsOf(file: string): string[] {
  const path = join(root, file);
  const program = ts.createProgram([path], compilerOptions(), parsingOnce());
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(path)!);
  return checker
    .getExportsOfModule(module!)
    .map(({ name }) => name)
    .sort();
}
