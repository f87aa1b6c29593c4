/** `einkorn targets`: what this machine can compile for and run, and what stands in the way of the rest. */
import { TARGETS } from "../../targets/registry.ts";
import { probeAll } from "../device-list.ts";
import { NODE_DEVICES } from "../node/devices.ts";
import type { Outcome } from "./report.ts";
import { table } from "./report.ts";

export type TargetRow = {
  readonly name: string;
  readonly summary: string;
  /** False for the reference, which runs equations. */
  readonly compiles: boolean;
  readonly runs: boolean;
  /** What runs it, or why nothing does. */
  readonly here: string;
  /** The way out where it does not run. */
  readonly help: string | null;
};

export async function targets(): Promise<Outcome<readonly TargetRow[]>> {
  const probed = new Map((await probeAll(NODE_DEVICES)).map(({ name, here }) => [name, here] as const));
  const rows = TARGETS.map(({ name, summary, lowers }): TargetRow => {
    const here = probed.get(name) ?? {
      available: false,
      reason: "no device in this version",
      help: "use another target",
    };
    const base = { name, summary, compiles: lowers, runs: here.available };
    return here.available
      ? { ...base, here: here.description, help: null }
      : { ...base, here: here.reason, help: here.help };
  });
  const text = table([
    ["target", "builds", "runs", "here"],
    ...rows.map((r) => [r.name, r.compiles ? "yes" : "-", r.runs ? "yes" : "no", r.here]),
  ]);
  const ways = rows.flatMap((r) => (r.help === null ? [] : [`${r.name}: ${r.help}`]));
  return { diagnostics: [], text: [...text, ...ways], result: rows };
}
