/**
 * What a loop needs of the function around it, if it is to become a function of its own: registers and locals that come in,
 * locals that go out, and constants that are better made anew inside.
 */
import type { Inst, Local, Reg } from "../../compiler/ir/machine.ts";
import { blocksOf, defined, operands, visitInstructions } from "../../compiler/ir/walk-machine.ts";

export type Region = {
  /** Registers defined outside and read inside, the loop's own bounds not counted. */
  readonly captured: readonly Reg[];
  /** Constants, and splats of constants, that are written again at the start. */
  readonly constants: readonly Inst[];
  /** Locals declared outside and used inside. */
  readonly locals: readonly Local[];
  /** Those of them that it sets. */
  readonly set: readonly Local[];
  /** Buffers and dims whose parameters it reads. */
  readonly buffers: readonly string[];
  readonly dims: readonly string[];
};

export type Loop = Extract<Inst, { readonly kind: "loop" }>;

export function regionOf(loop: Loop, definition: (r: Reg) => Inst | undefined): Region {
  const inside = new Set<Reg>([loop.variable]);
  const declared = new Set<Local>();
  visitInstructions(loop.body, (inst) => {
    const dst = defined(inst);
    if (dst !== null) inside.add(dst);
    if (inst.kind === "declare") declared.add(inst.local);
  });
  const captured = new Set<Reg>();
  const constants = new Map<Reg, Inst>();
  const locals = new Set<Local>();
  const set = new Set<Local>();
  const buffers = new Set<string>();
  const dims = new Set<string>();
  const take = (r: Reg): void => {
    const inst = definition(r);
    if (inst?.kind === "const") constants.set(r, inst);
    else if (inst?.kind === "splat" && definition(inst.arg)?.kind === "const") {
      take(inst.arg);
      constants.set(r, inst);
    } else captured.add(r);
  };
  visitInstructions(loop.body, (inst) => {
    for (const r of operands(inst)) if (!inside.has(r)) take(r);
    if (inst.kind === "base") buffers.add(inst.buffer);
    if (inst.kind === "dim") dims.add(inst.dim);
    if (inst.kind !== "get" && inst.kind !== "set") return;
    if (declared.has(inst.local)) return;
    locals.add(inst.local);
    if (inst.kind === "set") set.add(inst.local);
  });
  return {
    captured: [...captured],
    constants: [...constants.values()],
    locals: [...locals],
    set: [...set],
    buffers: [...buffers],
    dims: [...dims],
  };
}

/** The loops directly inside a block, those in branches too. */
export function loopsIn(block: readonly Inst[]): readonly Loop[] {
  return block.flatMap((inst): readonly Loop[] =>
    inst.kind === "loop" ? [inst] : blocksOf(inst).flatMap((inner) => loopsIn(inner)),
  );
}

/** The most a register can be, as far as its definition alone tells; infinite where it does not. */
export function boundOf(r: Reg, definition: (r: Reg) => Inst | undefined): number {
  const inst = definition(r);
  if (inst?.kind === "const") return Number(inst.value);
  if (inst?.kind !== "apply") return Infinity;
  const [a, b] = inst.args.map((arg) => boundOf(arg, definition));
  if (a === undefined || b === undefined) return Infinity;
  if (inst.op === "bit_and") return Math.min(a >= 0 ? a : Infinity, b >= 0 ? b : Infinity);
  if (inst.op === "min") return Math.min(a, b);
  return inst.op === "shr" && b !== Infinity ? Math.floor(a / 2 ** b) : Infinity;
}
