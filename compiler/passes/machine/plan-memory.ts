/**
 * The lifetimes of scratch buffers, from the first launch that touches a buffer to the last. Buffers whose lifetimes do not
 * meet may lie over each other in the arena. Where each lies depends on sizes, which may be symbolic here, so that whoever
 * runs the program lays the arena out (targets/shared/arena-layout.ts). What no launch touches is dropped.
 */
import type { Lifetime, MachineProgram } from "../../ir/machine.ts";
import { visitInstructions } from "../../ir/walk-machine.ts";

export function planMemory(program: MachineProgram): MachineProgram {
  const lifetimes = lifetimesOf(program);
  const buffers = program.buffers.flatMap((b) => {
    if (b.space !== "scratch") return [b];
    const lifetime = lifetimes.get(b.id);
    return lifetime === undefined ? [] : [{ ...b, lifetime }];
  });
  return { ...program, buffers };
}

/** Of every buffer that is touched, by its id. */
export function lifetimesOf(program: MachineProgram): ReadonlyMap<string, Lifetime> {
  const lifetimes = new Map<string, Lifetime>();
  for (const [n, fn] of program.functions.entries()) {
    visitInstructions(fn.body, (inst) => {
      if (inst.kind !== "load" && inst.kind !== "store") return;
      const { buffer } = inst.place;
      lifetimes.set(buffer, { first: lifetimes.get(buffer)?.first ?? n, last: n });
    });
  }
  return lifetimes;
}
