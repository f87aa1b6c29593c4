/**
 * THE table of diagnostic codes. A code is stable for ever: it is never reused for another meaning. Families: E1 syntax,
 * E2 names, shapes, bounds, dtypes, E3 schedules, E4 what a target can hold, E5 toolchain, E6 data, devices, run time;
 * W warnings, numbered like the family they belong to. Every row has a case under test/diagnostics/ (or, for E5 and E6, a test that names it).
 */
export type Severity = "error" | "warning";

type Row = { readonly severity: Severity; readonly title: string };
const error = (title: string): Row => ({ severity: "error", title });
const warning = (title: string): Row => ({ severity: "warning", title });

export const CODES = {
  E1001: error("a character that no token starts with"),
  E1002: error("unexpected token"),
  E1003: error("nesting is too deep"),
  E1004: error("source text is too large"),
  E1005: error("malformed number"),
  E1006: error("unclosed comment"),
  E1007: error("unclosed string"),
  E1008: error("name is too long"),
  E1009: error("chained comparison"),
  E1010: error("an operator of other languages"),
  E1011: error("generic arguments in angle brackets"),
  E1012: error("not a pad rule"),
  E1013: error("trailing comma"),
  E1014: error("a reduction without its indices, or without its argument"),
  E1015: error("`let` as an operand without parentheses"),
  E1016: error("a keyword used as a name"),
  E1017: error("missing `;`"),
  E1018: error("`=` where an expression is wanted"),
  E1019: error("an expression where an index name is bound"),
  E1020: error("a part of a result is taken without naming the result"),
  E1021: error("a range in an access"),
  E1022: error("brackets do not match"),
  E1023: error("a clause of a reducer is missing, or is there twice"),

  // E20: what the checker refuses (lang/check/): names, indices, definitions.
  E2001: error("an index that nothing binds"),
  E2002: error("an unknown name"),
  E2004: error("a name that already means something"),
  E2005: error("the wrong number of subscripts"),
  E2006: error("the left-hand sides of one equation differ"),
  E2007: error("an index without a range"),
  E2008: error("two ranges for one index"),
  E2009: error("an output is not defined exactly once"),
  E2010: error("an equation for what is not an output, or a `let` for what is one"),
  E2011: error("a shape or range that is not made of dims"),
  E2012: error("shapes do not agree"),
  E2013: error("the arguments of a call"),
  E2014: error("a name of another kind is needed"),
  E2015: error("a `where` that is false or over data"),
  E2016: error("a generic without a fitting value"),
  E2017: error("a `where` of a called kernel is not proved"),
  E2018: error("a size that nothing can have"),
  // dtypes
  E2020: error("operands without a common dtype"),
  E2021: error("a value of another dtype is needed"),
  E2022: error("`/` of integers"),
  E2023: error("an operation that does not exist for the operand"),
  E2024: error("a literal that its dtype does not hold"),
  E2025: error("a cast that may lose the value"),
  E2026: error("a condition that is not bool"),
  E2027: error("an unknown dtype"),
  E2028: error("the wrong number of values"),
  E2029: error("a whole tensor where a number is needed, or the reverse"),
  // recurrences
  E2030: error("a cycle without `rec`"),
  E2031: error("a `rec` that does not read itself"),
  E2032: error("a recurrence without a time axis"),
  E2033: error("a recurrence that lags along two axes"),
  E2034: error("a cycle within one step of a recurrence"),
  E2035: error("an `init` that does not fit its recurrence"),
  E2036: error("a whole-tensor equation inside a recurrence"),
  // limits, and what is not built yet
  E2040: error("a kernel or function that calls itself"),
  E2041: error("the program grows too large"),
  E2051: error("derived kernels are not built yet"),
  E2052: error("a construct that is not built yet"),
  E2060: error("a test or schedule of something else than a kernel"),
  E2061: error("a size of a test without a fitting range"),
  // imports
  E2070: error("an import of what no module is called"),
  E2071: error("an import of a name that the file does not export"),
  E2072: error("files that import each other in a circle"),
  E2073: error("an import too many"),
  E2074: error("no such module of the standard library"),
  W2070: warning("an import that is not used"),
  // E3: schedules (schedule/).
  E3001: error("no such directive"),
  E3002: error("a directive is not written as it should be"),
  E3003: error("a schedule names what the kernel does not have"),
  E3004: error("a schedule makes a name that is taken"),
  E3005: error("a schedule for a target that does not exist"),
  W3001: warning("schedules are not built yet"),

  // E20, E21: what the proof pass refuses (passes/prove/).
  E2003: error("a read may be outside its tensor"),
  E2101: error("integer arithmetic may overflow"),
  E2102: error("a divisor may be zero"),
  E2103: error("a value may not fit the type it is cast to"),
  E2104: error("a shift amount may be out of range"),
  E2105: error("an integer maximum or minimum over what may be empty"),
  E2106: error("values may leave the declared range"),
  E2109: error("a padded dim may be too small to be read"),
  W2101: warning("a padded axis without a halo"),

  E5001: error("no Node that can run Einkorn"), // reported by bin/einkorn.mjs, before this file can be loaded
  E5101: error("the C compiler does not compile the generated code"),

  // E4: what a target can hold.
  E4001: error("the target has no such dtype"),
  E4002: error("the target needs constant dims"),
  E4004: error("an index past 32 bits, whatever the dims"),

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
  E6141: error("an imported file that nobody was asked for"),

  // E62: calling a kernel (exit 1).
  E6201: error("an argument is missing"),
  E6202: error("no parameter or dim of that name"),
  E6203: error("an argument has the wrong dtype"),
  E6204: error("an argument has the wrong rank"),
  E6205: error("arguments disagree about a dim"),
  E6206: error("a where condition does not hold"),
  E6207: error("an element is outside the parameter's range"),
  E6208: error("an output overlaps an argument, or another output"),
  E6209: error("an output tensor does not fit the output"),
  E6210: error("the call is too large for 32-bit indices"),
  E6211: error("no such kernel in the source"),
  E6212: error("the kernel is not compiled for these dims"),
  E6213: error("an option that does not exist, or one of the wrong kind"),

  // E63: devices (exit 3).
  E6301: error("no such target"),
  E6302: error("the target cannot run here"),
  E6303: error("the device failed"),
  E6304: error("the device was closed"),
  E6305: error("the device is out of memory"),
  E6306: error("the tensor is on another device"),
  E6307: error("the call is over a limit of the device"),

  // E64: the command line (exit 2).
  E6401: error("the command line is wrong"),
  E6402: error("a value of the command line is wrong"),
  E6403: error("a part of the command line that is not built yet"),
} as const satisfies Record<string, Row>;

export type Code = keyof typeof CODES;
