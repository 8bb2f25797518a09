/** `npm run test:soak`: for as long as it takes. Otherwise each of these tests is a short one of its kind. */
export const IS_SOAK = process.env['SOAK'] === '1';
