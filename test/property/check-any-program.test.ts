/**
 * The checker never throws and never hangs, whatever reads as a program: valid programs in which names, numbers,
 * operators and whole pieces were exchanged. What is accepted verifies as equations and goes through the proof pass
 * without throwing; what is refused says so with words and a place. A round can be repeated by its seed.
 */
import { describe, expect, test } from "vitest";
import { verifyEquations } from "../../compiler/ir/verify-equations.ts";
import { checkProgram, lowerKernel } from "../../compiler/lang/check-program.ts";
import { parse } from "../../compiler/lang/parse.ts";
import { scan } from "../../compiler/lang/scan.ts";
import { proveKernel } from "../../compiler/passes/prove/prove-kernel.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeRandom } from "../../compiler/support/shuffle.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { programText } from "../support/check.ts";

const FIRST_SEED = Number(process.env["EINKORN_FUZZ_SEED"] ?? 1);
const ROUNDS = Number(process.env["EINKORN_FUZZ_ROUNDS"] ?? 1000);

/** Declarations that a mutated kernel may need beside it. */
const SHARED = `reducer online(x: f32) -> (m: f32, l: f32) {
  identity (-inf, 0.0); lift (x, x == -inf ? 0.0 : 1.0);
  combine a, b = let m = max(a.m, b.m) in (m, m == -inf ? 0.0 : a.l * exp(a.m - m) + b.l * exp(b.m - m));
  law associative commutative;
}
fn med3(a: f32, b: f32, c: f32) -> f32 = max(min(a, b), min(max(a, b), c));
kernel linear(X: f32[B, I], W: f32[I, O], b: f32[O]) -> Y: f32[B, O] { Y[n, o] = sum[i](X[n, i] * W[i, o]) + b[o]; }
`;

const corpus = ["twelve-kernels.ein", "trial.ein"].flatMap((name) =>
  programText(name)
    .split(/^(?=(?:export )?kernel )/m)
    .filter((text) => /^(?:export )?kernel /.test(text))
    .map((text) => text.split(/^(?=(?:schedule|export derive|test|reducer|fn|\/\/) ?)/m)[0] ?? text),
);

type Token = { readonly text: string; readonly start: number; readonly end: number };

function tokensOf(text: string): readonly Token[] {
  return scan(makeSource("m.ein", text), new Diagnostics()).tokens.map((t) => ({
    text: t.image,
    start: t.startOffset,
    end: t.startOffset + t.image.length,
  }));
}

const EXTRA =
  `0 1 2 -1 3.5 inf nan true false sum max mean argmax any i j k n t N M K f32 f16 i8 u8 i32 i64 bool pad edge wrap rec
  let init where in div % + - * / ** < <= == != && || ! ? : ( ) [ ] , ; .. | X Y A B exp sqrt relu clamp rescale select sat_u8
  wrap_i8 i32 f32 dim int 2147483648 1000000007`.split(/\s+/);

/** One to three tokens are exchanged, removed, doubled or swapped. */
function mutate(text: string, random: () => number): string {
  const pick = (n: number): number => Math.floor(random() * n);
  const tokens = tokensOf(text).map((t) => t.text);
  for (let edits = 1 + pick(3); edits > 0 && tokens.length > 0; edits--) {
    const words = tokens.flatMap((t, n) => (/^[\w.]+$/.test(t) ? [n] : []));
    const kind = pick(8);
    const at = kind <= 4 ? (words[pick(words.length)] ?? 0) : pick(tokens.length);
    const other = tokens[pick(tokens.length)] ?? "";
    if (kind <= 5) tokens[at] = sameKind(tokens, tokens[at] ?? "", random) ?? other;
    else if (kind === 6) tokens.splice(at, 1);
    else if (random() < 0.5) tokens[at] = EXTRA[pick(EXTRA.length)] ?? other;
    else tokens.splice(at, 0, other);
  }
  return tokens.join(" ");
}

function sort(token: string): "word" | "number" | "sign" {
  return /^[A-Za-z_]/.test(token) ? "word" : /^\d/.test(token) ? "number" : "sign";
}

/** Another word of the program of the same sort, so that the result is likely to read. */
function sameKind(tokens: readonly string[], token: string, random: () => number): string | null {
  const like = tokens.filter((t) => sort(t) === sort(token) && (sort(t) !== "sign" || !"()[]{};".includes(t)));
  return like[Math.floor(random() * like.length)] ?? null;
}

type Outcome = "syntax" | "refused" | "unproved" | "proved";

function judge(text: string): Outcome {
  const diagnostics = new Diagnostics();
  const program = parse(makeSource("m.ein", text), diagnostics);
  const syntax = diagnostics.hasErrors;
  const checked = checkProgram(program, diagnostics);
  for (const { message, help, notes } of diagnostics.list) {
    for (const words of [message, ...help, ...notes]) {
      expect(words).not.toMatch(/undefined|\[object|\.$|@\d/);
      // A generated id in a message would be a name that nobody wrote.
      for (const id of words.match(/\b[dtvr]\d+\b/g) ?? []) expect(text).toContain(id);
    }
  }
  renderDiagnostics(diagnostics.list.slice(0, 5));
  if (syntax) return "syntax";
  let outcome: Outcome = diagnostics.hasErrors ? "refused" : "proved";
  for (const k of checked.kernels) {
    if (!k.fine || !k.checked) continue;
    const found = new Diagnostics();
    const result = lowerKernel(checked, k.name, {}, found);
    if (result === null) throw new Error(`${k.name} was fine and is refused: ${renderDiagnostics(found.list)}`);
    const proved = proveKernel(result.kernel, result.spans, result.claims, found);
    // A read ahead in time is refused by the proof pass only; all else verifies before it.
    if (proved !== null) expect(verifyEquations(result.kernel)).toEqual([]);
    if (proved === null) {
      expect(found.hasErrors).toBe(true);
      if (outcome === "proved") outcome = "unproved";
    }
  }
  return outcome;
}

describe("mutated programs", () => {
  test(`${ROUNDS} of them neither throw nor hang`, () => {
    const counts: Record<Outcome, number> = { syntax: 0, refused: 0, unproved: 0, proved: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
      const random = makeRandom(seed);
      const base = corpus[Math.floor(random() * corpus.length)] ?? "";
      const text = `${SHARED}${mutate(base, random)}`;
      const started = performance.now();
      try {
        counts[judge(text)]++;
      } catch (error) {
        throw new Error(`seed ${seed}:\n${text.slice(SHARED.length)}`, { cause: error });
      }
      expect(performance.now() - started, `seed ${seed} took too long`).toBeLessThan(5000);
    }
    // A generator whose programs never read, or never pass, would test nothing.
    expect(counts.refused).toBeGreaterThan(ROUNDS / 10);
    expect(counts.proved + counts.unproved).toBeGreaterThan(ROUNDS / 20);
  });
});
