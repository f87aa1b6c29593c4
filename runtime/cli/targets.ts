/** `einkorn targets`: what this machine can compile for and run, and what stands in the way of the rest. */
import { TARGETS } from "../../targets/registry.ts";
import { DEVICE_NAMES, deviceFactory } from "../node/devices.ts";
import type { Outcome } from "./report.ts";
import { table } from "./report.ts";

export async function targets(): Promise<Outcome> {
  const rows = await Promise.all(
    TARGETS.map(async (target) => {
      const { name, summary } = target;
      if (!DEVICE_NAMES.includes(name)) {
        return { name, summary, compiles: true, runs: false, detail: "no device in this version", help: null };
      }
      const here = await (await deviceFactory(name)).probe();
      return here.available
        ? { name, summary, compiles: true, runs: true, detail: here.description, help: null }
        : { name, summary, compiles: true, runs: false, detail: here.reason, help: here.help };
    }),
  );
  const text = table([
    ["target", "compiles", "runs", "here"],
    ...rows.map((r) => [r.name, "yes", r.runs ? "yes" : "no", r.help === null ? r.detail : `${r.detail}; ${r.help}`]),
  ]);
  return { diagnostics: [], text, result: rows };
}
