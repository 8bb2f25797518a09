/** Something that was asked for does not exist. */
export abstract class NotFoundError extends Error {
  abstract readonly code: string;
}

/** Something that was asked for does not fit the state that things are in. */
export abstract class ConflictError extends Error {
  abstract readonly code: string;
}

/** What was asked for makes no sense, whatever the state. */
export abstract class InvalidRequestError extends Error {
  abstract readonly code: string;
}
