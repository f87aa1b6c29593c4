/**
 * The arena: scratch buffers whose lifetimes do not meet share a slot. A lifetime runs from the first launch that touches
 * the buffer to the last; the first slot that is free is taken. Sizes may be symbolic, so a slot is as
 * large as its largest buffer and the layout (one slot behind the other) is summed at run time from the same expressions.
 */
import type { MachineBuffer, MachineProgram } from "../../ir/machine.ts";
import { visitInstructions } from "../../ir/walk-machine.ts";
import { known } from "../../support/invariant.ts";

/** The first and the last launch that touch a buffer. */
export type Lifetime = { readonly first: number; readonly last: number };

export function planMemory(program: MachineProgram): MachineProgram {
  const lifetimes = lifetimesOf(program);
  const slots: Lifetime[][] = [];
  const buffers = program.buffers.map((b): MachineBuffer => {
    const life = lifetimes.get(b.id);
    if (b.space !== "scratch" || life === undefined) return b;
    const free = slots.findIndex((taken) => taken.every((t) => t.last < life.first || life.last < t.first));
    const slot = free >= 0 ? free : slots.push([]) - 1;
    known(slots[slot], "slot").push(life);
    return { ...b, slot };
  });
  return { ...program, buffers: buffers.filter((b) => b.space !== "scratch" || lifetimes.has(b.id)) };
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
