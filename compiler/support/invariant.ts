/**
 * The two ways the compiler stops on a bug of its own. A user's mistake is a diagnostic (diagnostics.ts), never an
 * invariant: whoever throws here says that no input text can lead to this line.
 */

/** A bug in Einkorn itself; the CLI prints it with a request for the `.ein` file and exits with 4. */
export class InternalError extends Error {
  override readonly name = "InternalError";

  constructor(message: string) {
    super(`internal compiler error: ${message}`);
  }
}

/** Stops on a compiler bug. */
export function invariant(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new InternalError(typeof message === "string" ? message : message());
}

/** Proves to the type checker that a switch over a union is complete. */
export function unreachable(value: never): never {
  throw new InternalError(`unexpected ${JSON.stringify(value)}`);
}

/** The value, where the compiler knows that it is there; `what` names it if that knowledge was wrong. */
export function known<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new InternalError(`${what} is missing`);
  return value;
}
