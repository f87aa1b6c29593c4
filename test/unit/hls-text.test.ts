/**
 * What the C of target hls keeps to, read off its text: no library, no heap, a label on every loop and one exit from it,
 * constant bounds, no word of the user; and that its literals are exact.
 */
import { expect, test } from "vitest";
import { HELPER_NAMES, helperText } from "../../targets/hls/helpers.ts";
import { literal } from "../../targets/hls/literals.ts";
import { C_PROGRAMS } from "../support/c-programs.ts";
import { cOfSource } from "../support/emit-c.ts";

/** Names of C's library that such code might be tempted by, and keywords that it does without. */
const FORBIDDEN = [
  ..."malloc calloc realloc free alloca memcpy memset printf assert exit goto break continue".split(" "),
  ..."sqrt sqrtf floor floorf ceil ceilf trunc truncf round roundf rint fabs fabsf fmax fmin fmaxf fminf fma".split(
    " ",
  ),
  ..."exp expf log logf pow powf tanh tanhf sin cos isnan isinf NAN INFINITY __builtin inline".split(" "),
];

/** The problems of a text, as `line: what is wrong`. */
function lint(text: string): readonly string[] {
  const code = text.replaceAll(/\/\*.*?\*\//gs, "").split("\n");
  return code.flatMap((line, n) => {
    const problems: string[] = [];
    const words = line.startsWith("#") ? [] : (line.match(/[A-Za-z_]\w*/g) ?? []);
    for (const word of words) if (FORBIDDEN.includes(word)) problems.push(`${n}: ${word}`);
    if (/\bfor \(/.test(line) && !/^ *\w+: for \(int32_t \w+ = /.test(line))
      problems.push(`${n}: a loop without label`);
    if (/\b(while|do)\b/.test(line)) problems.push(`${n}: a loop that is not counted`);
    if (/\breturn\b/.test(line) && !line.startsWith("  return "))
      problems.push(`${n}: a return that is not the last statement`);
    if (/#include/.test(line) && !/<(stdint|stdbool)\.h>$/.test(line)) problems.push(`${n}: ${line}`);
    if (/\(\*\w+\)\(/.test(line)) problems.push(`${n}: a function pointer`);
    return problems;
  });
}

test("the lint finds what it is for", () => {
  const bad = [
    "  float *p = malloc(4);",
    "  for (int32_t i = 0; i < 3; i++) {",
    "  l: while (true) {",
    "    return 3;",
    "#include <math.h>",
    "  x = sqrtf(y);",
  ];
  for (const line of bad) expect(lint(line), line).toHaveLength(1);
  expect(lint("  loop0: for (int32_t i0 = 0; i0 < 3; i0++) {\n  return a;\n#include <stdint.h>")).toEqual([]);
});

for (const { name, source, sizes } of C_PROGRAMS) {
  test(`the C of ${name} is freestanding and counted`, () => {
    for (const dims of sizes) {
      const text = cOfSource(source, dims);
      expect(lint(text)).toEqual([]);
      const bounds = [...text.matchAll(/for \(int32_t \w+ = (.+?); \w+ < (.+?); \w+\+\+\)/g)];
      expect(bounds.length).toBe([...text.matchAll(/\bfor \(/g)].length);
      for (const [loop, lo = "", hi = ""] of bounds) expect(`${lo}..${hi}`, loop).toMatch(/^-?\d+\.\.\(?-?\d+\)?$/);
    }
  });
}

test("every helper is freestanding and counted", () => {
  const text = helperText(new Set(HELPER_NAMES)).join("\n");
  expect(lint(text)).toEqual([]);
  expect(HELPER_NAMES.length).toBeGreaterThan(50);
});

test("no word of the user is in the code", () => {
  const source = `kernel secret_kernel(Ztensor: f32[Qdim, 3] , evil_double: i32[Qdim] in 0..3) -> Yresult: f32[Qdim] {
    let Tstage[ixa] = sum[ixb](Ztensor[ixa, ixb]);
    Yresult[ixa] = Tstage[ixa] + Ztensor[ixa, evil_double[ixa]];
  }`;
  const text = cOfSource(source, { Qdim: 4 });
  for (const word of ["secret", "Ztensor", "evil", "Yresult", "Qdim", "Tstage", "ixa", "ixb"])
    expect(text).not.toContain(word);
});

/** What a C compiler reads in a float literal. */
function readFloat(text: string): number {
  const bits = /^f(32|64)_from_bits\((?:UINT64_C\()?(0x[0-9a-f]+)/.exec(text);
  if (bits !== null) {
    const view = new DataView(new ArrayBuffer(8));
    if (bits[1] === "64") {
      view.setBigUint64(0, BigInt(bits[2] ?? ""));
      return view.getFloat64(0);
    }
    view.setUint32(0, Number(bits[2]));
    return view.getFloat32(0);
  }
  const hex = /^(-?)0x1(?:\.([0-9a-f]+))?p([+-]\d+)f?$/.exec(text);
  if (hex === null) return Number(text.replace(/f$/, ""));
  const digits = `1${hex[2] ?? ""}`;
  const exponent = Number(hex[3]) - 4 * (digits.length - 1);
  // In two steps, since 2 ** exponent alone may be below the smallest double.
  const magnitude = Number(BigInt(`0x${digits}`)) * 2 ** Math.ceil(exponent / 2) * 2 ** Math.floor(exponent / 2);
  return hex[1] === "-" ? -magnitude : magnitude;
}

test("float literals are exact", () => {
  const special = [
    0,
    -0,
    1,
    -1.5,
    0.1,
    1 / 3,
    2 ** -149,
    2 ** -1074,
    5e-324 * 3,
    2 ** 127,
    Number.MAX_VALUE,
    1e-310,
    Infinity,
    -Infinity,
    Number.NaN,
  ];
  let state = 12345;
  const random = Array.from({ length: 2000 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 2 ** ((state % 600) - 300);
  });
  for (const x of [...special, ...random]) {
    const wide = literal("f64", x, (name) => name).text;
    expect(readFloat(wide), wide).toBe(x);
    const single = Math.fround(x);
    const narrow = literal("f32", single, (name) => name).text;
    expect(readFloat(narrow), narrow).toBe(single);
    if (Number.isFinite(x) && Math.abs(single) > 0 && Number.isFinite(single)) expect(narrow).toMatch(/f$/);
  }
});

const text = (elem: "i32" | "u32" | "i64" | "u64", n: bigint): string => literal(elem, n, (name) => name).text;

test("integer literals have their types", () => {
  expect(text("i32", -5n)).toBe("-5");
  expect(text("i32", -(2n ** 31n))).toBe("INT32_MIN");
  expect(text("u32", 2n ** 32n - 1n)).toBe("4294967295u");
  expect(text("i64", -(2n ** 63n))).toBe("INT64_MIN");
  expect(text("i64", -7n)).toBe("-INT64_C(7)");
  expect(text("u64", 2n ** 64n - 1n)).toBe("UINT64_C(18446744073709551615)");
});
