/**
 * Common subexpressions: an instruction that computes what a dominating one has computed already is dropped and its
 * uses take the earlier register. Blocks are structured, so what dominates is what was seen before in this block or
 * around it. Loads are shared while nothing may have stored to their buffer in between.
 */
import type { Inst, MachineFunction, Reg } from "../../ir/machine.ts";
import { OPS } from "../../ir/ops.ts";
import { defined, isPure, mapBlocks, mapOperands, storedBuffers } from "../../ir/walk-machine.ts";
import { known } from "../../support/invariant.ts";

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

function keyOf(inst: Inst, type: { readonly elem: string; readonly lanes: number }): string {
  const at = `${type.elem}x${type.lanes}`;
  if (inst.kind === "apply") {
    const swap = OPS[inst.op].commutative && (inst.args[0] ?? 0) > (inst.args[1] ?? 0);
    const args = swap ? [inst.args[1], inst.args[0], ...inst.args.slice(2)] : inst.args;
    return `${at}=${inst.op}(${args.join(",")})`;
  }
  const { dst: _, ...rest } = { dst: 0, ...inst };
  return `${at}=${JSON.stringify(rest, (_key, v: unknown) => (typeof v === "bigint" ? `${v}n` : Object.is(v, -0) ? "-0" : numeral(v)))}`;
}

/** JSON writes NaN and infinities as null. */
function numeral(v: unknown): unknown {
  return typeof v === "number" && !Number.isFinite(v) ? String(v) : v;
}
