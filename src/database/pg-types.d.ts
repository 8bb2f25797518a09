declare module 'pg-types/lib/textParsers.js' {
  const textParsers: { init(register: (oid: number, parser: (text: string) => unknown) => void): void };
  export default textParsers;
}
