/** The versions of the field "engines" in package.json. */
const MINIMUM: Readonly<Record<number, number>> = { 22: 13, 24: 11 };
const NEWEST_MAJOR = 24;

/** What is wrong with a version of Node, such as `20.18.0`; `undefined` when nothing is. */
export function nodeVersionProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NEWEST_MAJOR || minor >= (MINIMUM[major] ?? Infinity)) return undefined;
  return `nestjs-postack needs Node.js 22.13 or later, or 24.11 or later; this is ${version}`;
}

// The first import of every entry: else an old version would fail at something that it does not have.
const problem = nodeVersionProblem(process.versions.node);
if (problem !== undefined) throw new Error(problem);
