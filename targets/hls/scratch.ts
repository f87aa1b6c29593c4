/**
 * Scratch arrays of the top function. Those that never live in a common launch become members of one union (larger ones
 * first, so that each costs nothing where it fits below), but only where their elements have one type: compilers may assume
 * that accesses of different types do not meet, and would reorder the last reads of one array with the first writes of the
 * next.
 */
import type { Lifetime } from "../../compiler/ir/machine.ts";
import { known } from "../../compiler/support/invariant.ts";
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
  const declarations: string[] = [];
  const access = new Map<CArray, string>();
  let bytes = 0;
  for (const members of unionsOf(arrays)) {
    const [only] = members;
    bytes += members.reduce((most, a) => Math.max(most, a.bytes), 0);
    if (members.length === 1 && only !== undefined) {
      declarations.push(`${declarator(only)};`);
      access.set(only, only.name);
      continue;
    }
    const union = `shared${declarations.length}`;
    declarations.push(`union { ${members.map((a) => `${declarator(a)};`).join(" ")} } ${union};`);
    for (const a of members) access.set(a, `${union}.${a.name}`);
  }
  return { arrays, declarations, access, bytes };
}

/** Arrays of one type, no two of a group alive in a common launch. */
function unionsOf(arrays: readonly CArray[]): readonly (readonly CArray[])[] {
  const groups: CArray[][] = [];
  for (const a of arrays.toSorted((x, y) => y.bytes - x.bytes)) {
    const group = groups.find((members) => members.every((m) => m.type === a.type && !meet(lifeOf(m), lifeOf(a))));
    if (group === undefined) groups.push([a]);
    else group.push(a);
  }
  return groups;
}

function lifeOf({ buffer }: CArray): Lifetime {
  return known(buffer.lifetime ?? undefined, `the lifetime of ${buffer.name}`);
}

function meet(a: Lifetime, b: Lifetime): boolean {
  return a.first <= b.last && b.first <= a.last;
}
