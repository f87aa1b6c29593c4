/**
 * The header of an .npy file: a Python dictionary literal with exactly the keys `descr`, `fortran_order` and `shape`
 * (NumPy Enhancement Proposal 1; numpy/lib/format.py). NumPy reads it with Python's own literal parser; this one knows
 * those few forms and nothing else.
 */

export type NpyHeader = {
  /** NumPy's type string: `<f4`; null for records. */
  readonly descr: string | null;
  readonly fortranOrder: boolean;
  /** As written: possibly negative or huge. */
  readonly shape: readonly number[];
};

/** Ends the reading with the reason, which follows "the header". */
export type Fail = (why: string) => never;

const TOKEN =
  /\s*(?:'(?<single>[^'\\]*)'|"(?<double>[^"\\]*)"|(?<number>-?\d+)L?|(?<word>True|False)|(?<mark>[{}()[\]:,]))/y;

type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "mark"; readonly mark: string };

function tokensOf(text: string, fail: Fail): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) return fail(`cannot be read at character ${at}`);
    const { single, double, number, word, mark } = groups;
    if (number !== undefined) tokens.push({ kind: "number", value: Number(number) });
    else if (word !== undefined) tokens.push({ kind: "bool", value: word === "True" });
    else if (mark !== undefined) tokens.push({ kind: "mark", mark });
    else tokens.push({ kind: "text", text: single ?? double ?? "" });
  }
  return tokens;
}

/** Reads the literal; `fail` gets what is wrong with it. */
export function parseNpyHeader(text: string, fail: Fail): NpyHeader {
  const tokens = tokensOf(text, fail);
  let at = 0;
  const isMark = (mark: string): boolean => {
    const token = tokens[at];
    return token?.kind === "mark" && token.mark === mark;
  };
  const skip = (mark: string): boolean => {
    if (!isMark(mark)) return false;
    at++;
    return true;
  };
  const want = (mark: string): void => {
    if (!skip(mark)) fail(`has no ${mark} where one belongs`);
  };
  const descr = (): string | null => {
    if (isMark("[") || isMark("(")) return null;
    const token = tokens[at++];
    return token?.kind === "text" ? token.text : fail("has a 'descr' that is no text");
  };
  const bool = (): boolean => {
    const token = tokens[at++];
    return token?.kind === "bool" ? token.value : fail("has a 'fortran_order' that is neither True nor False");
  };
  const tuple = (): number[] => {
    const dims: number[] = [];
    want("(");
    while (!skip(")")) {
      const token = tokens[at++];
      dims.push(token?.kind === "number" ? token.value : fail("has a 'shape' that is no tuple of whole numbers"));
      // (3) is a number in Python, (3,) a tuple.
      if (!isMark(")") || dims.length === 1) want(",");
    }
    return dims;
  };

  const found: { descr?: string | null; fortranOrder?: boolean; shape?: number[] } = {};
  want("{");
  while (!skip("}")) {
    const token = tokens[at++];
    const key = token?.kind === "text" ? token.text : fail("has a key that is no text");
    want(":");
    if (key === "descr" && found.descr === undefined) found.descr = descr();
    else if (key === "fortran_order" && found.fortranOrder === undefined) found.fortranOrder = bool();
    else if (key === "shape" && found.shape === undefined) found.shape = tuple();
    else fail("has a key more than 'descr', 'fortran_order' and 'shape'");
    // Records end the reading: nothing is known of what follows.
    if (found.descr === null) return { descr: null, fortranOrder: false, shape: [] };
    if (!isMark("}")) want(",");
  }
  if (at < tokens.length) fail("goes on after its }");
  const { descr: type, fortranOrder, shape } = found;
  if (type === undefined || fortranOrder === undefined || shape === undefined) {
    return fail("lacks one of 'descr', 'fortran_order' and 'shape'");
  }
  return { descr: type, fortranOrder, shape };
}
