/** How many workgroups a launch takes: a row of them, or several rows where a row may not be that long. */
import type { Launch } from "./layout.ts";

/**
 * Groups along x and y for so many elements; `[0, 0]` where there is nothing to do, null where the device's limit of groups
 * per dimension does not allow so many. Shaders number their invocations row by row.
 */
export function groupsFor(
  launch: Pick<Launch, "elements" | "workgroup">,
  count: number,
  mostPerDimension: number,
): readonly [number, number] | null {
  if (count === 0) return [0, 0];
  const groups = Math.ceil(count / (launch.elements * launch.workgroup));
  const rows = Math.ceil(groups / mostPerDimension);
  return rows > mostPerDimension ? null : [Math.ceil(groups / rows), rows];
}
