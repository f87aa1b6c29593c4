/** Drops what nobody reads: pure instructions without uses, loads, locals that are only written, empty loops and branches. */
import type { Inst, Local, MachineFunction, Reg } from "../../ir/machine.ts";
import { blocksOf, defined, mapBlocks, operands, visitInstructions } from "../../ir/walk-machine.ts";

export function removeDeadCode(fn: MachineFunction): MachineFunction {
  let body = fn.body;
  for (;;) {
    const usedRegs = new Set<Reg>();
    const usedLocals = new Set<Local>();
    visitInstructions(body, (inst) => {
      for (const r of operands(inst)) usedRegs.add(r);
      if (inst.kind === "get") usedLocals.add(inst.local);
    });
    const next = sweep(body, usedRegs, usedLocals);
    if (next === body) return { ...fn, body };
    body = next;
  }
}

function sweep(list: readonly Inst[], regs: ReadonlySet<Reg>, locals: ReadonlySet<Local>): readonly Inst[] {
  let changed = false;
  const kept = list.flatMap((inst): readonly Inst[] => {
    const inner = blocksOf(inst).length === 0 ? inst : sweepInside(inst, regs, locals);
    if (inner !== inst) changed = true;
    if (isLive(inner, regs, locals)) return [inner];
    changed = true;
    return [];
  });
  return changed ? kept : list;
}

function sweepInside(inst: Inst, regs: ReadonlySet<Reg>, locals: ReadonlySet<Local>): Inst {
  let changed = false;
  const mapped = mapBlocks(inst, (block) => {
    const swept = sweep(block, regs, locals);
    if (swept !== block) changed = true;
    return swept;
  });
  return changed ? mapped : inst;
}

function isLive(inst: Inst, regs: ReadonlySet<Reg>, locals: ReadonlySet<Local>): boolean {
  if (inst.kind === "store") return true;
  if (inst.kind === "declare" || inst.kind === "set") return locals.has(inst.local);
  if (inst.kind === "loop" || inst.kind === "if") return blocksOf(inst).some((b) => b.length > 0);
  const dst = defined(inst);
  return dst !== null && regs.has(dst);
}
