/**
 * What a WebAssembly module is made of, read back by Binaryen from its bytes: imports, exports, calls in innermost loops,
 * and how much of the float arithmetic is done on vectors. For tests that hold generated code to its promises.
 */
/** Counts of instructions. A vector instruction counts once, whatever its lanes. */
export type FloatArithmetic = { readonly scalar: number; readonly vector: number };

export type Disassembly = {
  /** `env.memory`, by kind. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly innermostLoops: number;
  readonly callsInInnermostLoops: number;
  readonly floats: FloatArithmetic;
  readonly floatsInInnermostLoops: FloatArithmetic;
  readonly usesRelaxedSimd: boolean;
  readonly text: string;
};

/** A loop or a function of the text, with what lies directly in it. */
type Node = { readonly words: string[]; readonly loops: Node[]; readonly calls: string[] };

const VECTOR_FLOATS =
  /^f(32x4|64x2)\.(add|sub|mul|div|min|max|pmin|pmax|sqrt|abs|neg|floor|ceil|trunc|nearest|relaxed_n?madd)$/;
const SCALAR_FLOATS = /^f(32|64)\.(add|sub|mul|div|min|max|sqrt|abs|neg|floor|ceil|trunc|nearest|copysign)$/;

/** Throws where Binaryen finds the module invalid. */
export async function disassemble(code: Uint8Array): Promise<Disassembly> {
  const { default: binaryen } = await import("binaryen");
  const m = binaryen.readBinary(code);
  try {
    m.setFeatures(binaryen.Features.All);
    if (m.validate() !== 1) throw new Error("the module is invalid");
    return describe(m.emitText(), importsOf(code));
  } finally {
    m.dispose();
  }
}

function importsOf(code: Uint8Array): readonly string[] {
  const module = new WebAssembly.Module(new Uint8Array(code));
  return WebAssembly.Module.imports(module).map((i) => `${i.kind} ${i.module}.${i.name}`);
}

function describe(text: string, imports: readonly string[]): Disassembly {
  const functions = parse(text);
  const words = (node: Node): readonly string[] => [...node.words, ...node.loops.flatMap(words)];
  const all = [...functions.values()].flatMap(words);
  const loops = innermostLoops(functions);
  const inner = loops.flatMap((l) => l.words);
  return {
    imports,
    exports: [...text.matchAll(/\(export "([^"]*)"/g)].map(([, name]) => name ?? ""),
    innermostLoops: loops.length,
    callsInInnermostLoops: loops.reduce((n, l) => n + l.calls.length, 0),
    floats: arithmetic(all),
    floatsInInnermostLoops: arithmetic(inner),
    usesRelaxedSimd: all.some((w) => w.includes("relaxed")),
    text,
  };
}

/** Loops in which no other loop runs: neither one that is written in them nor one of a function they call. */
function innermostLoops(functions: ReadonlyMap<string, Node>): readonly Node[] {
  const runsLoops = (node: Node, seen: ReadonlySet<string>): boolean =>
    node.loops.length > 0 ||
    node.calls.some((name) => {
      const callee = functions.get(name);
      return callee !== undefined && !seen.has(name) && runsLoops(callee, new Set([...seen, name]));
    });
  const found: Node[] = [];
  const visit = (node: Node): void => {
    for (const loop of node.loops) {
      if (!runsLoops(loop, new Set())) found.push(loop);
      visit(loop);
    }
  };
  for (const f of functions.values()) visit(f);
  return found;
}

function arithmetic(words: readonly string[]): FloatArithmetic {
  return {
    scalar: words.filter((w) => SCALAR_FLOATS.test(w)).length,
    vector: words.filter((w) => VECTOR_FLOATS.test(w)).length,
  };
}

/** The functions of a module's text by name, as trees of loops. */
function parse(text: string): ReadonlyMap<string, Node> {
  const functions = new Map<string, Node>();
  /** One entry per open parenthesis: the loop or function that it opened, else null. */
  const open: (Node | null)[] = [];
  const tokens = text.replaceAll(/"[^"]*"|;;.*/g, "").matchAll(/\(\s*([^\s()]+)(?:\s+(\$[^\s()]+))?|\)/g);
  for (const [token, word, name] of tokens) {
    if (token === ")") {
      open.pop();
      continue;
    }
    const parent = open.findLast((n) => n !== null);
    if (word === "func" && parent === undefined) {
      const f = emptyNode();
      functions.set(name ?? `${functions.size}`, f);
      open.push(f);
    } else if (word === "loop" && parent !== undefined) {
      const loop = emptyNode();
      parent?.loops.push(loop);
      open.push(loop);
    } else {
      parent?.words.push(word ?? "");
      if (word === "call") parent?.calls.push(name ?? "");
      open.push(null);
    }
  }
  return functions;
}

function emptyNode(): Node {
  return { words: [], loops: [], calls: [] };
}
