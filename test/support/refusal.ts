/**
 * What a call refuses with: tests compare code and message, and everything that is no coded refusal fails the test.
 */
import { expect } from "vitest";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { EinkornError } from "../../compiler/support/diagnostics.ts";

/** The first diagnostic of the EinkornError that the call throws; fails if it throws none, or anything else. */
export function refusal(call: () => unknown): Diagnostic {
  try {
    call();
  } catch (error) {
    return diagnosticOf(error);
  }
  return expect.fail("the call was accepted");
}

/** As `refusal`, of a promise. */
export async function rejection(promise: Promise<unknown>): Promise<Diagnostic> {
  return promise.then(() => expect.fail("the promise was kept"), diagnosticOf);
}

function diagnosticOf(error: unknown): Diagnostic {
  if (!(error instanceof EinkornError)) throw error;
  const [first] = error.diagnostics;
  return first ?? expect.fail("an EinkornError carries at least one diagnostic");
}

/** `E6001: the shape […]`: code and message of what a call refuses with. */
export function refusalText(call: () => unknown): string {
  const { code, message } = refusal(call);
  return `${code}: ${message}`;
}
