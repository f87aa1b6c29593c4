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

/** A block of the text: a loop or a function, with what lies directly in it. */
type Node = { readonly words: string[]; readonly loops: Node[] };

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
  const loops: Node[] = [];
  const innermost = (node: Node): void => {
    for (const loop of node.loops) {
      if (loop.loops.length === 0) loops.push(loop);
      innermost(loop);
    }
  };
  for (const f of functions) innermost(f);
  const words = (node: Node): readonly string[] => [...node.words, ...node.loops.flatMap(words)];
  const all = functions.flatMap(words);
  const inner = loops.flatMap((l) => l.words);
  return {
    imports,
    exports: [...text.matchAll(/\(export "([^"]*)"/g)].map(([, name]) => name ?? ""),
    innermostLoops: loops.length,
    callsInInnermostLoops: inner.filter((w) => w === "call" || w === "call_indirect").length,
    floats: arithmetic(all),
    floatsInInnermostLoops: arithmetic(inner),
    usesRelaxedSimd: all.some((w) => w.includes("relaxed")),
    text,
  };
}

function arithmetic(words: readonly string[]): FloatArithmetic {
  return {
    scalar: words.filter((w) => SCALAR_FLOATS.test(w)).length,
    vector: words.filter((w) => VECTOR_FLOATS.test(w)).length,
  };
}

/** The functions of a module's text, as trees of loops. */
function parse(text: string): readonly Node[] {
  const functions: Node[] = [];
  /** One entry per open parenthesis: the loop or function that it opened, else null. */
  const open: (Node | null)[] = [];
  const around = (): Node | undefined => open.findLast((n) => n !== null) ?? undefined;
  for (const [token, word] of text.replaceAll(/"[^"]*"|;;.*/g, "").matchAll(/\(\s*([^\s()]+)|\)/g)) {
    if (token === ")") {
      open.pop();
      continue;
    }
    const parent = around();
    if (word === "func" && parent === undefined) {
      const f: Node = { words: [], loops: [] };
      functions.push(f);
      open.push(f);
    } else if (word === "loop" && parent !== undefined) {
      const loop: Node = { words: [], loops: [] };
      parent.loops.push(loop);
      open.push(loop);
    } else {
      parent?.words.push(word ?? "");
      open.push(null);
    }
  }
  return functions;
}
