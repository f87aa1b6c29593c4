/** Walking and rebuilding L3 instructions: what they define, what they use, what they contain. */
import { unreachable } from "../support/invariant.ts";
import type { Inst, MachineFunction, Place, Reg } from "./machine.ts";

/** The register an instruction defines; a loop defines its variable. Null for stores, locals' writes, branches. */
export function defined(inst: Inst): Reg | null {
  if ("dst" in inst) return inst.dst;
  return inst.kind === "loop" ? inst.variable : null;
}

function placeRegs(p: Place): readonly Reg[] {
  return [...p.index, ...(p.active === null ? [] : [p.active]), ...(p.when === null ? [] : [p.when])];
}

/** The registers an instruction reads itself, its blocks not counted. */
export function operands(inst: Inst): readonly Reg[] {
  switch (inst.kind) {
    case "const":
    case "dim":
    case "base":
    case "get":
      return [];
    case "apply":
    case "pack":
      return inst.args;
    case "select":
      return [inst.cond, inst.yes, inst.no];
    case "convert":
    case "splat":
    case "extract":
      return [inst.arg];
    case "load":
      return placeRegs(inst.place);
    case "store":
      return [inst.value, ...placeRegs(inst.place)];
    case "ramp":
      return [inst.start];
    case "declare":
      return [inst.init];
    case "set":
      return [inst.value];
    case "loop":
      return [inst.lo, inst.hi];
    case "if":
      return [inst.cond];
    default:
      return unreachable(inst);
  }
}

/** Maps the registers of a place. */
export function mapPlace(p: Place, f: (r: Reg) => Reg): Place {
  return {
    ...p,
    index: p.index.map(f),
    active: p.active === null ? null : f(p.active),
    when: p.when === null ? null : f(p.when),
  };
}

/** Maps the operands; definitions and blocks stay. */
export function mapOperands(inst: Inst, f: (r: Reg) => Reg): Inst {
  switch (inst.kind) {
    case "const":
    case "dim":
    case "base":
    case "get":
      return inst;
    case "apply":
    case "pack":
      return { ...inst, args: inst.args.map(f) };
    case "select":
      return { ...inst, cond: f(inst.cond), yes: f(inst.yes), no: f(inst.no) };
    case "convert":
    case "splat":
    case "extract":
      return { ...inst, arg: f(inst.arg) };
    case "load":
      return { ...inst, place: mapPlace(inst.place, f) };
    case "store":
      return { ...inst, value: f(inst.value), place: mapPlace(inst.place, f) };
    case "ramp":
      return { ...inst, start: f(inst.start) };
    case "declare":
      return { ...inst, init: f(inst.init) };
    case "set":
      return { ...inst, value: f(inst.value) };
    case "loop":
      return { ...inst, lo: f(inst.lo), hi: f(inst.hi) };
    case "if":
      return { ...inst, cond: f(inst.cond) };
    default:
      return unreachable(inst);
  }
}

/** The blocks inside: a loop's body, both sides of a branch. */
export function blocksOf(inst: Inst): readonly (readonly Inst[])[] {
  if (inst.kind === "loop") return [inst.body];
  return inst.kind === "if" ? [inst.then, inst.otherwise] : [];
}

export function mapBlocks(inst: Inst, f: (block: readonly Inst[]) => readonly Inst[]): Inst {
  if (inst.kind === "loop") return { ...inst, body: f(inst.body) };
  return inst.kind === "if" ? { ...inst, then: f(inst.then), otherwise: f(inst.otherwise) } : inst;
}

/** Every instruction, in order, those of blocks after the one that holds them. */
export function visitInstructions(block: readonly Inst[], f: (inst: Inst) => void): void {
  for (const inst of block) {
    f(inst);
    for (const inner of blocksOf(inst)) visitInstructions(inner, f);
  }
}

/** Buffers that the function stores to: loads of all others always give the same. */
export function storedBuffers(fn: MachineFunction): ReadonlySet<string> {
  const stored = new Set<string>();
  visitInstructions(fn.body, (inst) => {
    if (inst.kind === "store") stored.add(inst.place.buffer);
  });
  return stored;
}

/**
 * Has no effect and depends on its operands alone: may be shared, moved and dropped. A load counts where nothing in the
 * function stores to its buffer (but it may be out of range where its block does not run).
 */
export function isPure(inst: Inst, stored: ReadonlySet<string>): boolean {
  switch (inst.kind) {
    case "const":
    case "dim":
    case "base":
    case "apply":
    case "select":
    case "convert":
    case "splat":
    case "extract":
    case "pack":
    case "ramp":
      return true;
    case "load":
      return !stored.has(inst.place.buffer);
    case "store":
    case "declare":
    case "get":
    case "set":
    case "loop":
    case "if":
      return false;
    default:
      return unreachable(inst);
  }
}
