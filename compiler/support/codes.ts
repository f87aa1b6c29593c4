/**
 * THE table of diagnostic codes. A code is stable for ever: it is never reused for another meaning. Families: E1 syntax,
 * E2 names, shapes, bounds, dtypes, E3 schedules, E4 what a target can hold, E5 toolchain, E6 data, devices, run time;
 * W warnings, numbered like the family they belong to. Every row has a case under test/diagnostics/ (or, for E5 and E6, a test that names it).
 */
export type Severity = "error" | "warning";

type Row = { readonly severity: Severity; readonly title: string };
const error = (title: string): Row => ({ severity: "error", title });

export const CODES = {
  E1001: error("a character that no token starts with"),
  E1002: error("unexpected token"),
  E1003: error("nesting is too deep"),
  E1004: error("source text is too large"),

  E5001: error("no Node that can run Einkorn"), // reported by bin/einkorn.mjs, before this file can be loaded
} as const satisfies Record<string, Row>;

export type Code = keyof typeof CODES;
