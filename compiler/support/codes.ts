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

  // E60: tensors and their values (exit 1).
  E6001: error("not a tensor shape"),
  E6002: error("the values do not fill the shape"),
  E6003: error("the array does not fit the dtype"),
  E6004: error("a value is out of the dtype's range"),
  E6005: error("the data are on a device"),
  E6006: error("not enough memory for the tensor"),
  E6007: error("no such dtype"),
  E6008: error("the tensor was disposed of"),

  // E61: reading and writing files (exit 2).
  E6101: error("not an input source"),
  E6102: error("the file cannot be read"),
  E6103: error("the file cannot be written"),
  E6104: error("the input is over the size limit"),
  E6105: error("no such tensor in the file"),
  E6106: error("one name twice in the file"),
  E6107: error("the file format has no such dtype"),
  E6108: error("unsupported element type in the file"),
  E6111: error("not an .npy file"),
  E6112: error("the .npy header is malformed"),
  E6113: error("the .npy data do not match the header"),
  E6121: error("the zip archive is damaged"),
  E6122: error("unsupported zip feature"),
  E6123: error("the archive inflates past the limit"),
  E6131: error("the .safetensors header is malformed"),
  E6132: error("the .safetensors offsets do not match the tensors"),
} as const satisfies Record<string, Row>;

export type Code = keyof typeof CODES;
