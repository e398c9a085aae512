/** What can go wrong, with a code for the program and a sentence for the person. */

import type { ErrorCode, FieldError, Problem } from "./protocol/index.js";

/** A code of the server's, or one of the client's own. */
export type ErrorName =
  | ErrorCode
  /** An argument is wrong; nothing was sent. */
  | "badArgument"
  /** There is no connection, and this request doesn't wait for one. */
  | "notConnected"
  /** Too much waits to be sent: the network has been away for too long. */
  | "outboxFull"
  /** The client was closed, or the server will have it no more. */
  | "closed"
  /** The server can't be reached, or answered what isn't an answer. */
  | "network"
  /** The device can't keep what waits to be sent; it lives only as long as the page. */
  | "storage";

/** An error as it travels between a page and its worker. */
export interface Failure {
  code: ErrorName;
  message: string;
  problem?: Problem;
}

/** Every error of this package. */
export class ChinwagError extends Error {
  override readonly name = "ChinwagError";
  /** What happened, for a program. */
  readonly code: ErrorName;
  /** The server's own words, where it was the server that refused. */
  readonly problem: Problem | undefined;

  constructor(code: ErrorName, message: string, problem?: Problem) {
    super(message);
    this.code = code;
    this.problem = problem;
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return this.problem?.retryable ?? (this.code === "network" || this.code === "notConnected");
  }

  /** How long to wait before that, in milliseconds, where the server says so. */
  get retryAfterMs(): number | undefined {
    return this.problem?.retryAfterMs;
  }

  /** Each field that the server refused. */
  get errors(): FieldError[] {
    return this.problem?.errors ?? [];
  }

  /** Makes an error of the server's problem. */
  static of(problem: Problem): ChinwagError {
    return new ChinwagError(problem.code, problem.detail || problem.title, problem);
  }
}

/** Returns what of an error can travel. */
export function failure(error: unknown): Failure {
  if (error instanceof ChinwagError) {
    return { code: error.code, message: error.message, ...(error.problem && { problem: error.problem }) };
  }
  return { code: "network", message: error instanceof Error ? error.message : String(error) };
}

/** Makes an error again of what travelled. */
export function errorOf({ code, message, problem }: Failure): ChinwagError {
  return new ChinwagError(code, message, problem);
}
