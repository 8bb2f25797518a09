/** Why Postack did not take a message, as it is stored: without texts, numbers and keys. */
export interface SendError {
  /** `PostackApiError.code`. */
  code: string;
  /** Postack's own code, if it gave one. */
  apiCode: string | null;
  message: string;
  /** What a person can do. */
  action: string;
  /** ISO 8601 UTC. */
  at: string;
}
