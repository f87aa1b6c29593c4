/**
 * Scratch arrays of the top function. Those that the memory plan lets share a slot become members of one union, but only
 * where their elements have one type: compilers may assume that accesses of different types do not meet, and would reorder
 * the last reads of one array with the first writes of the next.
 */
import type { CArray } from "./layout.ts";
import { declarator } from "./layout.ts";

export type Scratch = {
  readonly arrays: readonly CArray[];
  /** Without storage class. */
  readonly declarations: readonly string[];
  /** What the top function passes for each array. */
  readonly access: ReadonlyMap<CArray, string>;
  /** Of all declarations together. */
  readonly bytes: number;
};

export function planScratch(arrays: readonly CArray[]): Scratch {
  const groups = Map.groupBy(arrays, (a) => `${a.buffer.slot}:${a.type}`);
  const declarations: string[] = [];
  const access = new Map<CArray, string>();
  let bytes = 0;
  for (const members of groups.values()) {
    const [only] = members;
    bytes += members.reduce((most, a) => Math.max(most, a.bytes), 0);
    if (members.length === 1 && only !== undefined) {
      declarations.push(`${declarator(only)};`);
      access.set(only, only.name);
      continue;
    }
    const slot = `shared${declarations.length}`;
    declarations.push(`union { ${members.map((a) => `${declarator(a)};`).join(" ")} } ${slot};`);
    for (const a of members) access.set(a, `${slot}.${a.name}`);
  }
  return { arrays, declarations, access, bytes };
}
