/**
 * L3, the machine: three-address code over typed registers, with explicit vectors and structured control flow. Every
 * register is assigned once (what changes lives in a `local`). Loads and stores keep one subscript per dim until
 * passes/flatten.ts turns them into one linear subscript for targets that want that; HLS C keeps them.
 *
 * Registers hold only wide types: i8, i16 and u8, u16 values sit in i32 registers, f16 and bf16 values in f32 registers, and a
 * narrow type appears only as the dtype of a buffer, where loads widen and stores narrow (f16 and bf16 bits are converted by
 * ordinary operations before). Index arithmetic is i32; who calls, the library or the wrapper of a
 * build, has checked that it cannot overflow (analysis/index-limits.ts).
 */
import type { DType } from "./dtype.ts";
import type { Expr, Var } from "./expr.ts";
import type { CoreOp } from "./ops.ts";

/** What one lane of a register holds. A bool vector is a lane mask. */
export type Elem = "bool" | "i32" | "u32" | "i64" | "u64" | "f32" | "f64";

/** `lanes` is 1 (scalar), 2 or 4. */
export type MachineType = { readonly elem: Elem; readonly lanes: 1 | 2 | 4 };

/** A register: a number unique in its function. Its type is in {@link MachineFunction.types}. */
export type Reg = number;

/** A mutable variable (an accumulator, a recurrence's carried pointer); unique in its function. */
export type Local = number;

/**
 * Where an access goes. `index` has one i32 register per dim, counted from 0; once flattened it has one in all, in elements
 * or in bytes (see {@link MachineProgram.addressing}), to which the constant `offset` is added. `shape` says how the lanes differ. `contiguous`: lane l reads `index + l` in the last dim. `gather`: `index` registers may be
 * vectors, one subscript per lane. `scalar`: one element.
 */
export type Place = {
  readonly buffer: string;
  readonly index: readonly Reg[];
  /** Not negative; 0 before flattening. In the unit of `index`. */
  readonly offset: number;
  readonly shape: "scalar" | "contiguous" | "gather";
  /**
   * How many lanes are active (i32 scalar, 1..lanes); null: all. Idle lanes of a load hold anything, of a store are not written.
   * A contiguous load may touch the bytes behind the active lanes: runtimes keep 16 readable bytes after each buffer.
   */
  readonly active: Reg | null;
  /** Bool register, scalar or per lane: where false, the load gives 0 and touches nothing. Null: always true. Loads only. */
  readonly when: Reg | null;
};

/** How a conversion treats values: see CastMode in expr.ts. Float to int truncates, saturates and sends NaN to 0. */
export type ConvertMode = "exact" | "saturate" | "wrap" | "bits";

export type Inst =
  | { readonly kind: "const"; readonly dst: Reg; readonly value: number | bigint | boolean }
  /** A run-time parameter: the value of a dim, or of the launch (global invocation number). */
  | { readonly kind: "dim"; readonly dst: Reg; readonly dim: string }
  /** Where a buffer starts in memory, i32; only with addressing "bytes". */
  | { readonly kind: "base"; readonly dst: Reg; readonly buffer: string }
  | { readonly kind: "apply"; readonly dst: Reg; readonly op: CoreOp; readonly args: readonly Reg[] }
  /** `cond` may be scalar where the others are vectors. */
  | { readonly kind: "select"; readonly dst: Reg; readonly cond: Reg; readonly yes: Reg; readonly no: Reg }
  /** Between element types, lanes alike. */
  | { readonly kind: "convert"; readonly dst: Reg; readonly mode: ConvertMode; readonly arg: Reg }
  | { readonly kind: "load"; readonly dst: Reg; readonly place: Place }
  | { readonly kind: "store"; readonly value: Reg; readonly place: Place }
  | { readonly kind: "splat"; readonly dst: Reg; readonly arg: Reg }
  /** Scalar lane `lane` of a vector. */
  | { readonly kind: "extract"; readonly dst: Reg; readonly arg: Reg; readonly lane: number }
  /** A vector of scalars, one per lane. */
  | { readonly kind: "pack"; readonly dst: Reg; readonly args: readonly Reg[] }
  /** i32 vector start, start + 1, … */
  | { readonly kind: "ramp"; readonly dst: Reg; readonly start: Reg }
  | { readonly kind: "declare"; readonly local: Local; readonly init: Reg }
  | { readonly kind: "get"; readonly dst: Reg; readonly local: Local }
  | { readonly kind: "set"; readonly local: Local; readonly value: Reg }
  /** for (v = lo; v < hi; v += step); `step` is positive. `parallel` iterations are independent. */
  | {
      readonly kind: "loop";
      readonly variable: Reg;
      readonly lo: Reg;
      readonly hi: Reg;
      readonly step: number;
      readonly parallel: boolean;
      readonly body: readonly Inst[];
      /** Who made it, for `explain` and for labels; never a user's text in generated code. */
      readonly label: string;
    }
  | { readonly kind: "if"; readonly cond: Reg; readonly then: readonly Inst[]; readonly otherwise: readonly Inst[] };

export type MachineFunction = {
  /** Generated: `nest0`, `nest1`, … */
  readonly name: string;
  /** Indexed by register. */
  readonly types: readonly MachineType[];
  /** Indexed by local. */
  readonly locals: readonly MachineType[];
  readonly body: readonly Inst[];
  /** GPU: the extents whose product is the number of invocations, outermost first; null: one call runs the whole nest. */
  readonly grid: readonly Expr[] | null;
  /**
   * GPU: each invocation stores exactly the element of its own number, row-major, in every buffer that the function stores
   * to. Then neighbours, run by one invocation, fill whole words of packed elements, and nobody else writes to these.
   */
  readonly ownsElement: boolean;
};

/** A buffer of the program; registers have become locals. */
export type MachineBuffer = {
  readonly id: string;
  /** For people only. */
  readonly name: string;
  readonly dtype: DType;
  readonly space: "input" | "output" | "scratch";
  readonly extent: readonly Expr[];
  /** For scratch: outside it the elements are undefined, and others may lie there. Null: not planned, or no scratch. */
  readonly lifetime: Lifetime | null;
};

/** The first and the last launch that touch a buffer, by their place among the program's functions. */
export type Lifetime = { readonly first: number; readonly last: number };

export type Addressing = "subscripts" | "linear" | "bytes";

export type MachineProgram = {
  readonly kernel: string;
  /**
   * What a place's `index` means: `subscripts`, one per dim, from 0; after passes/machine/flatten.ts one in all: `linear`, in
   * elements from the start of the buffer, or `bytes`, an address.
   */
  readonly addressing: Addressing;
  readonly dims: readonly Var[];
  readonly buffers: readonly MachineBuffer[];
  /** Launches in order. */
  readonly functions: readonly MachineFunction[];
};
