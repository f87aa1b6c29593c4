/**
 * The only door to Binaryen, which builds and validates WebAssembly. It is 15 MB of JavaScript, so it is imported when
 * the first kernel is emitted and never again. Its typed face lacks the relaxed instructions; `relaxedMadd` reaches them
 * through the C interface underneath.
 */
import type BinaryenNamespace from "binaryen";
import { invariant } from "../../compiler/support/invariant.ts";

export type Binaryen = typeof BinaryenNamespace;
export type Module = InstanceType<Binaryen["Module"]>;

/** An expression of a module under construction; used exactly once. */
export type Ref = number;
/** A type of a value, as Binaryen numbers them. */
export type WasmType = number;

let loading: Promise<Binaryen> | null = null;

export function loadBinaryen(): Promise<Binaryen> {
  loading ??= import("binaryen").then((namespace) => namespace.default);
  return loading;
}

/** The C function that makes any SIMD instruction of three operands. */
const TERNARY = "_BinaryenSIMDTernary";
type Ternary = (module: number, op: number, a: Ref, b: Ref, c: Ref) => Ref;

function hasTernary(b: Binaryen): b is Binaryen & { readonly [TERNARY]: Ternary } {
  return TERNARY in b;
}

/** f32x4.relaxed_madd: a * b + c, rounded once or twice, as the machine likes. */
export function relaxedMadd(binaryen: Binaryen, m: Module, a: Ref, b: Ref, c: Ref): Ref {
  invariant(hasTernary(binaryen), "this Binaryen makes SIMD instructions of three operands");
  return binaryen[TERNARY](m.ptr, binaryen.RelaxedMaddVecF32x4, a, b, c);
}
