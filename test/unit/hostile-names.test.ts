/**
 * Names that mean something elsewhere: words of C, C++, WGSL, JavaScript, LLVM, names of their libraries, of what objects
 * inherit, of our own generated code, long ones, ones that differ in case only. Each is used in every role, and what every
 * target makes of the program has to be, byte for byte, what it makes of the same program with plain names: so no name
 * reaches generated code, and what is valid of one is valid of all. Where an interface needs a name (a property, a file, the
 * C function of a kernel) it stands in quotes, or behind a prefix of ours; nowhere else. Names that are no identifiers of the
 * language, confusables among them, are refused by the lexer.
 */
import { describe, expect, test } from "vitest";
import { emitKernel, proveKernelOf, readProgram, specialiseByName } from "../../compiler/compile.ts";
import { TOKENS, spellingOf } from "../../compiler/lang/tokens.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import type { Target } from "../../compiler/target.ts";
import { compile, Tensor } from "../../runtime/node/index.ts";
import { TARGETS } from "../../targets/registry.ts";
import { HOSTILE_NAMES, NO_NAMES } from "../support/hostile-names.ts";

const ROLES = [
  "kernel",
  "callee",
  "param",
  "scalar",
  "out",
  "dim",
  "index",
  "bound",
  "stage",
  "local",
  "generic",
  "fn",
  "reducer",
] as const;
type Role = (typeof ROLES)[number];
type Names = Readonly<Record<Role, string>>;

/** A program with a name in each role. */
function programOf(n: Names): string {
  return `
    fn ${n.fn}(plainx: f32) -> f32 = let ${n.local} = plainx * 2.0 in ${n.local} + 1.0;
    reducer ${n.reducer}(plainx: f32) -> (plainc: f32) { identity 0.0; lift plainx; combine plaina, plainb = plaina.plainc + plainb.plainc; law associative commutative; }
    kernel ${n.callee}(plainx: f32[PlainN]) -> plainy: f32[PlainN] { plainy[plaini] = plainx[plaini] - 0.5; }
    export kernel ${n.kernel}<${n.generic}: int = 3>(${n.param}: f32[${n.dim}, PlainM], ${n.scalar}: f32) -> ${n.out}: f32[${n.dim}] {
      let ${n.stage}[${n.index}] = ${n.reducer}[${n.bound}](${n.fn}(${n.param}[${n.index}, ${n.bound}])) * ${n.generic} + ${n.scalar};
      let plainz = ${n.callee}(${n.stage});
      ${n.out}[${n.index}] = plainz[${n.index}] + ${n.stage}[(${n.index} + 1) % ${n.dim}];
    }`;
}

const PLAIN: Names = Object.fromEntries(ROLES.map((role) => [role, `plain_${role}`])) as Names; // oxlint-disable-line typescript/no-unsafe-type-assertion
const reserved = new Set(TOKENS.flatMap((type) => spellingOf(type) ?? []));

/** The names of one program: hostile ones from `first` on, in the roles. */
function namesFrom(first: number): Names {
  const at = (k: number): string => HOSTILE_NAMES[(first + k * 37) % HOSTILE_NAMES.length] ?? "x";
  return { ...PLAIN, ...Object.fromEntries(ROLES.map((role, k) => [role, at(k)])) };
}

/** Files that are called the same for every kernel. */
const FIXED = ["manifest.json", "Makefile", "README.md"];

type Made = { readonly files: ReadonlyMap<string, string | Uint8Array> };

/** The codes of what is refused, or the files of every target by `target/name`, the kernel's name replaced in theirs. */
async function build(names: Names): Promise<readonly string[] | Made> {
  const diagnostics = new Diagnostics();
  const program = readProgram(makeSource("names.ein", programOf(names)), diagnostics);
  if (program === null || diagnostics.hasErrors) return diagnostics.list.map((d) => d.code);
  const proved = proveKernelOf(program, names.kernel, {}, diagnostics);
  if (proved === null) return diagnostics.list.map((d) => d.code);
  const files = new Map<string, string | Uint8Array>();
  for (const target of TARGETS.filter((t) => t.lowers)) {
    const sizes = new Map([
      [names.dim, 5n],
      ["PlainM", 3n],
    ] as const);
    const kernel = target.capabilities.constantDims ? specialiseByName(proved.kernel, sizes) : proved.kernel;
    for (const f of await filesOf(target, kernel, names.kernel)) {
      const isOwn = f.name.startsWith(names.kernel) && !FIXED.includes(f.name);
      const name = isOwn ? `plain_kernel${f.name.slice(names.kernel.length)}` : f.name;
      files.set(`${target.name}/${name}`, f.content);
    }
  }
  return { files };
}

async function filesOf(target: Target, kernel: Parameters<typeof emitKernel>[0], stem: string) {
  const artifact = await emitKernel(kernel, target, new Diagnostics());
  if (artifact === null) throw new Error(`${target.name} refuses the kernel`);
  return target.files(artifact, kernel, stem);
}

/** A text without what stands in quotes, and what stood there. */
function unquoted(text: string): { readonly rest: string; readonly quoted: readonly string[] } {
  const quoted: string[] = [];
  const rest = text.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, (literal) => `"${quoted.push(literal)}"`);
  return { rest, quoted };
}

/** The name that stands for a plain one, as its own interface spells it. */
function withNames(text: string, names: Names): string {
  return text.replaceAll(
    /plain_(\w+?)\b(?=\W|$)/g,
    (whole, role: string) => Object.entries(names).find(([r]) => r === role)?.[1] ?? whole,
  );
}

/** A long name breaks a line of C. */
function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("( ", "(");
}

/** Fails where a file for these names differs from that for the plain ones by more than quoted names and prefixed kernels. */
function expectSame(
  path: string,
  plain: string | Uint8Array,
  hostile: string | Uint8Array | undefined,
  names: Names,
): void {
  if (typeof plain !== "string" || typeof hostile !== "string") {
    expect(hostile, path).toEqual(plain);
    return;
  }
  if (path.endsWith("manifest.json")) {
    const facts = JSON.parse(hostile, (key, value: unknown) =>
      key === "bytes" && Array.isArray(value) ? null : value,
    ) as unknown; // oxlint-disable-line typescript/no-unsafe-type-assertion
    expect(facts).toMatchObject({ kernel: names.kernel, outputs: [{ name: names.out }] });
    return;
  }
  const [wanted, got] = [unquoted(plain), unquoted(hostile)];
  // The C function of a kernel, its header and their files are called after it, behind a prefix or before a suffix of ours.
  const own = (text: string): string => text.replaceAll(/(einkorn_|EINKORN_)plain_kernel/g, `$1${names.kernel}`);
  const files = (text: string): string =>
    path.startsWith("hls/") ? text.replaceAll("plain_kernel", names.kernel) : text;
  expect(inOneLine(got.rest), path).toBe(inOneLine(files(own(wanted.rest))));
  expect(got.quoted, path).toEqual(wanted.quoted.map((q) => withNames(q, names)));
}

describe("hostile names", () => {
  test("there are enough of them", () => {
    expect(new Set(HOSTILE_NAMES).size).toBeGreaterThanOrEqual(500);
    expect(new Set(HOSTILE_NAMES).size).toBe(HOSTILE_NAMES.length);
  });

  test("in every role, on every target: refused, or made into what plain names are made into", async () => {
    const plain = await build(PLAIN);
    if (!("files" in plain)) throw new Error(`the plain program is refused: ${plain.join(", ")}`);
    const refused = new Map<string, number>();
    let made = 0;
    for (const [first] of HOSTILE_NAMES.entries()) {
      const names = namesFrom(first);
      const built = await build(names);
      if (!("files" in built)) {
        // A keyword, a built-in function or dtype, or one that is given twice.
        expect(
          built.every((code) => /^E(?:1\d\d\d|20\d\d)$/.test(code)),
          `${JSON.stringify(names)}: ${built.join(", ")}`,
        ).toBe(true);
        for (const code of new Set(built)) refused.set(code, (refused.get(code) ?? 0) + 1);
        continue;
      }
      made++;
      expect([...built.files.keys()]).toEqual([...plain.files.keys()]);
      for (const [path, content] of plain.files) expectSame(path, content, built.files.get(path), names);
    }
    expect(made).toBeGreaterThan(HOSTILE_NAMES.length / 3);
  });

  test("run, and give their outputs by name", async () => {
    for (const name of HOSTILE_NAMES.filter((_, n) => n % 16 === 0)) {
      if (reserved.has(name)) continue;
      const text = `export kernel plain(${name}: f32[plainN]) -> plain_out: f32[plainN] { plain_out[plaini] = ${name}[plaini] * 2.0; }`;
      const { plain } = await compile(text, { target: "wasm" });
      const args = Object.fromEntries([[name, Tensor.from([1, 2])]]);
      expect(plain?.(args)["plain_out"]?.toArray()).toEqual([2, 4]);
    }
  });

  test.each(NO_NAMES)("%j is no name", (name) => {
    for (const role of ROLES) {
      const diagnostics = new Diagnostics();
      readProgram(makeSource("names.ein", programOf({ ...PLAIN, [role]: name })), diagnostics);
      expect(diagnostics.list[0]?.code, role).toMatch(/^E10/);
    }
  });
});
