/**
 * Drops what nobody reads: pure instructions without uses, loads, locals that are only written, empty loops and branches.
 * Registers are defined before they are used, so that one walk from the end finds all live ones; a local may be read
 * earlier in a loop than it is set, so that the walk is repeated while more locals turn out to be live.
 */
import type { Inst, Local, MachineFunction, Reg } from "../../ir/machine.ts";
import { blocksOf, defined, mapBlocks, operands } from "../../ir/walk-machine.ts";

export function removeDeadCode(fn: MachineFunction): MachineFunction {
  const live: Live = { registers: new Set(), locals: new Set(), instructions: new Set() };
  for (;;) {
    const before = live.locals.size;
    mark(fn.body, live);
    if (live.locals.size === before) return { ...fn, body: sweep(fn.body, live.instructions) };
  }
}

type Live = { readonly registers: Set<Reg>; readonly locals: Set<Local>; readonly instructions: Set<Inst> };

function mark(block: readonly Inst[], live: Live): void {
  for (let n = block.length - 1; n >= 0; n--) {
    const inst = block[n];
    if (inst === undefined) continue;
    for (const inner of blocksOf(inst).toReversed()) mark(inner, live);
    if (!isLive(inst, live)) continue;
    live.instructions.add(inst);
    for (const r of operands(inst)) live.registers.add(r);
    if (inst.kind === "get") live.locals.add(inst.local);
  }
}

function isLive(inst: Inst, live: Live): boolean {
  if (inst.kind === "store") return true;
  if (inst.kind === "declare" || inst.kind === "set") return live.locals.has(inst.local);
  if (inst.kind === "loop" || inst.kind === "if") {
    return blocksOf(inst).some((b) => b.some((i) => live.instructions.has(i)));
  }
  const dst = defined(inst);
  return dst !== null && live.registers.has(dst);
}

function sweep(block: readonly Inst[], live: ReadonlySet<Inst>): readonly Inst[] {
  return block.filter((inst) => live.has(inst)).map((inst) => mapBlocks(inst, (inner) => sweep(inner, live)));
}
