/**
 * Loop-invariant motion: what does not depend on a loop moves in front of it, inner loops first, so that it travels as
 * far out as it can. Arithmetic never traps at this level, so moving it is always safe. A load moves too when nothing
 * stores to its buffer; since it may be out of range where the loop does not run, it then asks for `lo < hi` first.
 */
import type { Inst, MachineFunction, MachineType, Reg } from "../../ir/machine.ts";
import { defined, isPure, mapBlocks, operands, storedBuffers } from "../../ir/walk-machine.ts";

type Loop = Extract<Inst, { kind: "loop" }>;

export function hoistInvariants(fn: MachineFunction): MachineFunction {
  const types: MachineType[] = [...fn.types];
  const stored = storedBuffers(fn);
  const constants = new Map<Reg, number | bigint | boolean>();
  return { ...fn, body: block(fn.body), types };

  function block(list: readonly Inst[]): readonly Inst[] {
    return list.flatMap((inst): readonly Inst[] => {
      if (inst.kind === "const") constants.set(inst.dst, inst.value);
      const inner = mapBlocks(inst, block);
      return inner.kind === "loop" ? around(inner) : [inner];
    });
  }

  function around(loop: Loop): readonly Inst[] {
    const inside = definedInside(loop);
    const before: Inst[] = [];
    let runs: Reg | null = null;
    const body = loop.body.filter((inst) => {
      const dst = defined(inst);
      if (dst === null || !isPure(inst, stored) || operands(inst).some((r) => inside.has(r))) return true;
      if (inst.kind === "load" && !alwaysRuns(loop)) {
        if (inst.place.when !== null) return true;
        runs ??= guard(loop, before);
        before.push({ ...inst, place: { ...inst.place, when: runs } });
      } else {
        before.push(inst);
      }
      inside.delete(dst);
      return false;
    });
    return [...before, { ...loop, body }];
  }

  function guard(loop: Loop, before: Inst[]): Reg {
    const dst = types.push({ elem: "bool", lanes: 1 }) - 1;
    before.push({ kind: "apply", dst, op: "lt", args: [loop.lo, loop.hi] });
    return dst;
  }

  function alwaysRuns(loop: Loop): boolean {
    const [lo, hi] = [constants.get(loop.lo), constants.get(loop.hi)];
    return typeof lo === "number" && typeof hi === "number" && lo < hi;
  }
}

/** Registers that change from iteration to iteration, or are computed in one: the variable and all definitions inside. */
function definedInside(loop: Loop): Set<Reg> {
  const inside = new Set<Reg>([loop.variable]);
  const note = (list: readonly Inst[]): void => {
    for (const inst of list) {
      const dst = defined(inst);
      if (dst !== null) inside.add(dst);
      if (inst.kind === "loop") note(inst.body);
      if (inst.kind === "if") {
        note(inst.then);
        note(inst.otherwise);
      }
    }
  };
  note(loop.body);
  return inside;
}
