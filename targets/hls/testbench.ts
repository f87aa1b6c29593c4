/**
 * `<stem>_test.c`: fills the inputs by the formula of golden.ts, runs the kernel twice (its scratch must not remember), and
 * compares with the golden data; exit code 1 on a mismatch. Hosted C99, to be run under sanitizers.
 */
import type { DType, FloatDType, StorageDType } from "../../compiler/ir/dtype.ts";
import { DTYPES, isBool, isFloat, isStorageDType } from "../../compiler/ir/dtype.ts";
import type { Kernel, Tensor } from "../../compiler/ir/equations.ts";
import { evaluateShape } from "../../compiler/ir/evaluate-index.ts";
import type { ConstValue } from "../../compiler/ir/expr.ts";
import { countOf } from "../../compiler/ir/values.ts";
import { known } from "../../compiler/support/invariant.ts";
import { C_BYTES } from "./c-types.ts";
import { dtypesOf } from "./dtypes-of.ts";
import { argument } from "./device-main.ts";
import type { Golden, GoldenOutput } from "./golden.ts";
import { mostlySmall, rangeOf, smallPart } from "./golden.ts";
import type { CArray, Layout } from "./layout.ts";
import { literal } from "./literals.ts";

export type Bench = {
  readonly top: string;
  readonly header: string;
  readonly layout: Layout;
  readonly kernel: Kernel;
  readonly golden: Golden;
};

const DRAW = `/* lowbias32 by Chris Wellons, public domain */
static uint32_t mixed(uint32_t x)
{
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

static uint32_t draw(uint32_t argument, uint32_t element)
{
  return mixed(mixed(element) + argument * 0x9e3779b9u);
}`;

/** What makes one element: C text of the value, and the functions it needs. */
const MAKERS = {
  truth: `static uint8_t truth(uint32_t argument, uint32_t element)
{
  return (uint8_t)(draw(argument, element) % 2u);
}`,
  real32: `static float real32(uint32_t argument, uint32_t element)
{
  return (float)(draw(argument, element) >> 8) * 0x1p-23f - 1.0f;
}`,
  real64: `static double real64(uint32_t argument, uint32_t element)
{
  return (double)draw(argument, element) * 0x1p-31 - 1.0;
}`,
  half: `static uint16_t half(uint32_t argument, uint32_t element)
{
  const uint32_t bits = draw(argument, element);
  return (uint16_t)((bits & 0x83ffu) | ((11u + ((bits >> 16) & 3u)) << 10));
}`,
  brain: `static uint16_t brain(uint32_t argument, uint32_t element)
{
  const uint32_t bits = draw(argument, element);
  return (uint16_t)((bits & 0x807fu) | ((123u + ((bits >> 16) & 3u)) << 7));
}`,
  whole: `/* lo + (64 random bits modulo span); a span of 0 stands for 2^64 */
static uint64_t whole(uint32_t argument, uint32_t element, uint64_t lo, uint64_t span)
{
  const uint64_t bits = ((uint64_t)draw(argument + 0x8000u, element) << 32) | draw(argument, element);
  return lo + (span == 0 ? bits : bits % span);
}`,
  mostly_small: `/* three in four are among 256 small values */
static uint64_t mostly_small(uint32_t argument, uint32_t element, uint64_t small, uint64_t lo, uint64_t span)
{
  const bool wide = draw(argument + 0x8000u, element) % 4u == 0u;
  return wide ? whole(argument, element, lo, span) : whole(argument, element, small, 256u);
}`,
} as const satisfies Record<string, string>;

const HALF_VALUE = `static double half_value(uint16_t bits)
{
  const int exponent = (bits >> 10) & 31;
  double value = exponent == 0 ? bits & 1023 : (bits & 1023) + 1024;
  for (int n = exponent == 0 ? 1 : exponent; n < 25; n++) value /= 2;
  for (int n = 25; n < exponent; n++) value *= 2;
  if (exponent == 31) value = (bits & 1023) == 0 ? INFINITY : NAN;
  return (bits >> 15) != 0 ? -value : value;
}`;

const BRAIN_VALUE = `static double brain_value(uint16_t bits)
{
  union { uint32_t bits; float value; } both;
  both.bits = (uint32_t)bits << 16;
  return both.value;
}`;

const CHECK_REAL = `static double largest = 0; /* error, as a share of the tolerance */

static void check_real(const char *name, unsigned long at, double got, double want, double tolerance)
{
  const double error = got > want ? got - want : want - got;
  compared++;
  if (got == want || (got != got && want != want) || tolerance == INFINITY) return;
  if (error / tolerance > largest) largest = error / tolerance;
  if (error <= tolerance) return;
  if (failures++ < 10) printf("FAIL %s[%lu] = %.17g, expected %.17g within %.3g\\n", name, at, got, want, tolerance);
}`;

const CHECK_WHOLE = `static void check_whole(const char *name, unsigned long at, int64_t got, int64_t want)
{
  compared++;
  if (got == want) return;
  if (failures++ < 10) printf("FAIL %s[%lu] = %lld, expected %lld\\n", name, at, (long long)got, (long long)want);
}`;

export function testbench(bench: Bench): string {
  const { layout, kernel, golden, top } = bench;
  const dtypes = dtypesOf(kernel).slice(layout.inputs.length);
  const fills = layout.inputs.map((a, n) => fill(a, n, known(kernel.params[n], "parameter").dtype, kernel));
  const asked = Object.entries(MAKERS).filter(([name]) => fills.some((f) => f.includes(`${name}(`)));
  const makers = Object.entries(MAKERS).filter(([name, text]) =>
    asked.some(([n]) => n === name || (n === "mostly_small" && text.includes(" whole("))),
  );
  const compared =
    golden.kind === "none"
      ? []
      : layout.outputs.map((a, n) => ({ a, g: known(golden.outputs[n], "output"), dtype: known(dtypes[n], "dtype") }));
  const checks = compared.map(({ a, g, dtype }) => check(a, g, dtype));
  const has = (word: string): boolean => checks.some((c) => c.includes(`${word}(`));
  const all = [...layout.inputs, ...layout.outputs];
  const parts = [
    "/* Generated by Einkorn: runs the kernel on inputs made by a formula and compares with the reference interpreter. */",
    `#include <math.h>\n#include <stdbool.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n#include "${bench.header}"`,
    ...(makers.length > 0 ? [DRAW, ...makers.map(([, text]) => text)] : []),
    ...(checks.length > 0 ? ["static unsigned long compared = 0;\nstatic unsigned long failures = 0;"] : []),
    ...(has("check_real") ? [CHECK_REAL] : []),
    ...(has("check_whole") ? [CHECK_WHOLE] : []),
    ...(has("half_value") ? [HALF_VALUE] : []),
    ...(has("brain_value") ? [BRAIN_VALUE] : []),
    all.map((a) => `static ${a.type} ${a.name}[${a.bytes / C_BYTES[a.type]}];`).join("\n"),
    ...compared.map(({ a, g, dtype }) => tables(a, g, dtype)),
    `static void run(void)
{
${[
  ...(checks.length > 0 ? ["compared = 0;"] : []),
  ...fills,
  ...layout.outputs.map((a) => `memset(${a.name}, 0xa5, sizeof ${a.name});`),
  `${top}(${all.map(argument).join(", ")});`,
  ...checks,
]
  .filter((s) => s !== "")
  .map((s) => `  ${s}`)
  .join("\n")}
}`,
    mainFunction(golden, top, has("check_real")),
  ];
  return `${parts.join("\n\n")}\n`;
}

function fill(a: CArray, position: number, dtype: DType, kernel: Kernel): string {
  const value = maker(a, position, dtype, kernel);
  if (isStorageDType(dtype)) return fillPacked(a, dtype, value, known(kernel.params[position], "parameter"));
  return a.count === 0 ? "" : `for (uint32_t n = 0; n < ${a.count}u; n++) ${a.name}[n] = ${value};`;
}

/** Elements below a byte, one after the other into bytes of zeros. */
function fillPacked(a: CArray, dtype: StorageDType, value: string, p: Tensor): string {
  const count = countOf(evaluateShape(p.dims, new Map()));
  const { byte, shift, mask } = placeIn(dtype, "n");
  const element = `${a.name}[${byte}] = (uint8_t)(${a.name}[${byte}] | ((unsigned)${value} & ${mask}u) << ${shift});`;
  return `memset(${a.name}, 0, sizeof ${a.name});${count === 0 ? "" : ` for (uint32_t n = 0; n < ${count}u; n++) ${element}`}`;
}

/** Where the n-th element lies, the first in the low bits of a byte. */
function placeIn(
  dtype: StorageDType,
  n: string,
): { readonly byte: string; readonly shift: string; readonly mask: number } {
  const { bits } = DTYPES[dtype];
  const perByte = 8 / bits;
  return { byte: `(${n}) / ${perByte}u`, shift: `(${n}) % ${perByte}u * ${bits}u`, mask: 2 ** bits - 1 };
}

/** The value of the n-th element. */
function packedValue(a: CArray, dtype: StorageDType, n: string): string {
  const { byte, shift, mask } = placeIn(dtype, n);
  const low = `(${a.name}[${byte}] >> ${shift} & ${mask})`;
  const sign = 2 ** (DTYPES[dtype].bits - 1);
  return DTYPES[dtype].signed ? `((${low} ^ ${sign}) - ${sign})` : low;
}

function maker(a: CArray, position: number, dtype: DType, kernel: Kernel): string {
  const at = `${position}u, n`;
  if (isBool(dtype)) return `truth(${at})`;
  if (isFloat(dtype)) return `${FLOAT_MAKERS[dtype]}(${at})`;
  const { lo, hi } = rangeOf(known(kernel.params[position], "parameter"));
  const span = `${modulo64(lo)}, ${modulo64(hi - lo)}`;
  if (!mostlySmall({ lo, hi })) return `(${a.type})whole(${at}, ${span})`;
  return `(${a.type})mostly_small(${at}, ${modulo64(smallPart({ lo, hi }).lo)}, ${span})`;
}

const FLOAT_MAKERS = { f32: "real32", f64: "real64", f16: "half", bf16: "brain" } as const satisfies Record<
  FloatDType,
  keyof typeof MAKERS
>;

const modulo64 = (n: bigint): string => `UINT64_C(${BigInt.asUintN(64, n)})`;

/** The golden values of an output, and tolerances of floats. */
function tables(a: CArray, g: GoldenOutput, dtype: DType): string {
  if (g.want.length === 0) return `/* ${a.name} is empty */`;
  const size = `[${g.want.length}]`;
  const values = rows(g.want.map((x) => constantText(dtype, x)));
  const type = isStorageDType(dtype) ? "int8_t" : a.type;
  if (g.tolerance === null) return `static const ${type} want_${a.name}${size} = {\n${values}\n};`;
  const tolerances = rows(g.tolerance.map((t) => (t === Infinity ? "INFINITY" : roundedUp(t))));
  return `static const double want_${a.name}${size} = {\n${values}\n};\nstatic const double tolerance_${a.name}${size} = {\n${tolerances}\n};`;
}

/** Two digits are plenty, as long as nothing is cut off. */
function roundedUp(t: number): string {
  return (t * 1.05).toExponential(2);
}

function constantText(dtype: DType, x: ConstValue): string {
  if (isFloat(dtype)) {
    const v = Number(x);
    if (Number.isNaN(v)) return "NAN";
    if (!Number.isFinite(v)) return v > 0 ? "INFINITY" : "-INFINITY";
    return literal("f64", v, (name) => name).text;
  }
  if (typeof x === "boolean") return x ? "1" : "0";
  return literal(dtype === "i64" || dtype === "u64" || dtype === "u32" ? dtype : "i32", x, (name) => name).text;
}

function rows(values: readonly string[]): string {
  const lines: string[] = [];
  let line = "";
  for (const v of values) {
    if (line.length + v.length > 110) {
      lines.push(line);
      line = "";
    }
    line += `${line === "" ? "  " : " "}${v},`;
  }
  return [...lines, line].join("\n");
}

function check(a: CArray, g: GoldenOutput, dtype: DType): string {
  if (g.want.length === 0) return "";
  const at = g.stride === 1 ? "n" : `n * ${g.stride}u`;
  const got = isStorageDType(dtype) ? packedValue(a, dtype, at) : `${a.name}[${at}]`;
  const value = dtype === "f16" ? `half_value(${got})` : dtype === "bf16" ? `brain_value(${got})` : got;
  const name = `"${a.name}", (unsigned long)${g.stride === 1 ? "n" : `(${at})`}`;
  const call = isFloat(dtype)
    ? `check_real(${name}, ${value}, want_${a.name}[n], tolerance_${a.name}[n]);`
    : `check_whole(${name}, (int64_t)${value}, (int64_t)want_${a.name}[n]);`;
  return `for (uint32_t n = 0; n < ${g.want.length}u; n++) ${call}`;
}

function mainFunction(golden: Golden, top: string, real: boolean): string {
  if (golden.kind === "none") {
    return `int main(void)\n{\n  run();\n  run();\n  printf("RAN ${top}; nothing is compared: ${golden.reason}\\n");\n  return 0;\n}`;
  }
  const error = real ? `, largest error %.3g of the tolerance` : "";
  const verdict = (word: string): string =>
    `printf("${word} ${top}: %lu elements compared${error}\\n", compared${real ? ", largest" : ""});`;
  return `int main(void)
{
  run();
  run();
  if (failures > 0) {
    ${verdict("FAIL")}
    return 1;
  }
  ${verdict("PASS")}
  return 0;
}`;
}
