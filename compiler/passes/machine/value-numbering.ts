/**
 * Common subexpressions: an instruction that computes what a dominating one has computed already is dropped and its
 * uses take the earlier register. Blocks are structured, so what dominates is what was seen before in this block or
 * around it. Loads are shared while nothing may have stored to their buffer in between.
 */
import type { Inst, MachineFunction, Reg } from "../../ir/machine.ts";
import { OPS } from "../../ir/ops.ts";
import { defined, isPure, mapBlocks, mapOperands, storedBuffers } from "../../ir/walk-machine.ts";
import { InternalError, known, unreachable } from "../../support/invariant.ts";

export function numberValues(fn: MachineFunction): MachineFunction {
  const stored = storedBuffers(fn);
  const replaced = new Map<Reg, Reg>();
  const current = (r: Reg): Reg => replaced.get(r) ?? r;
  return { ...fn, body: block(fn.body, new Map()) };

  function block(list: readonly Inst[], outer: ReadonlyMap<string, Reg>): readonly Inst[] {
    const seen = new Map(outer);
    const kept: Inst[] = [];
    for (const old of list) {
      const inst = mapOperands(old, current);
      const dst = defined(inst);
      if (dst !== null && isPure(inst, stored)) {
        const key = keyOf(inst, known(fn.types[dst], "type"));
        const before = seen.get(key);
        if (before !== undefined) {
          replaced.set(dst, before);
          continue;
        }
        seen.set(key, dst);
      }
      kept.push(mapBlocks(inst, (inner) => block(inner, seen)));
    }
    return kept;
  }
}

/** What a pure instruction computes, as text; equal texts compute the same. */
function keyOf(inst: Inst, type: { readonly elem: string; readonly lanes: number }): string {
  const at = `${type.elem}x${type.lanes}=`;
  switch (inst.kind) {
    case "const":
      return `${at}${Object.is(inst.value, -0) ? "-0" : String(inst.value)}`;
    case "dim":
      return `${at}dim ${inst.dim}`;
    case "base":
      return `${at}base ${inst.buffer}`;
    case "apply": {
      const swap = OPS[inst.op].commutative && (inst.args[0] ?? 0) > (inst.args[1] ?? 0);
      const args = swap ? [inst.args[1], inst.args[0], ...inst.args.slice(2)] : inst.args;
      return `${at}${inst.op}(${args.join(",")})`;
    }
    case "select":
      return `${at}select(${inst.cond},${inst.yes},${inst.no})`;
    case "convert":
      return `${at}${inst.mode}(${inst.arg})`;
    case "splat":
      return `${at}splat(${inst.arg})`;
    case "extract":
      return `${at}extract(${inst.arg},${inst.lane})`;
    case "pack":
      return `${at}pack(${inst.args.join(",")})`;
    case "ramp":
      return `${at}ramp(${inst.start})`;
    case "load": {
      const { buffer, index, offset, shape, active, when } = inst.place;
      return `${at}load ${buffer}[${index.join(",")}+${offset}] ${shape} ${active} ${when}`;
    }
    case "store":
    case "declare":
    case "get":
    case "set":
    case "loop":
    case "if":
      throw new InternalError(`a ${inst.kind} has no value to share`);
    default:
      return unreachable(inst);
  }
}
