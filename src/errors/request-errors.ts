/** The requested object does not exist. */
export abstract class NotFoundError extends Error {
  abstract readonly code: string;
}

/** The request conflicts with the current state of the object. */
export abstract class ConflictError extends Error {
  abstract readonly code: string;
}

/** The request is invalid, whatever the state of the object. */
export abstract class InvalidRequestError extends Error {
  abstract readonly code: string;
}
