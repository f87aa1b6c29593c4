/**
 * Recurrences compute slice by slice of time, and within a slice member by member. A read of a member is right where its
 * time subscript is the present slice, of a member that comes earlier, or a slice before it; and `init` must define
 * every slice below 0 that the tensor has.
 */
import { all, atMost, equal, less } from "../../analysis/condition.ts";
import { asConstant } from "../../analysis/polynomial.ts";
import type { StageOutput } from "../../ir/equations.ts";
import { known } from "../../support/invariant.ts";
import { refuseInit, refuseTime } from "./refuse-recurrence.ts";
import type { Scope } from "./scope.ts";
import type { Place, Subscript } from "./shared.ts";

/** The subscript of the time axis in a read of the group's own tensors. */
export function checkTime(s: Subscript, scope: Scope, place: Place): void {
  const group = known(place.group, "a recurrence");
  if (group.now === null) return refuseTime(s, "in init", scope, place);
  const now = scope.poly(group.now);
  // Earlier first: on a path that is never taken everything holds, and nothing is read at the wrong time.
  if (scope.holds(less(s.value, now))) return;
  if (!scope.holds(equal(s.value, now))) return refuseTime(s, "not before", scope, place);
  const source = known(group.members.get(s.tensor.id), "a member");
  if (source >= group.member) refuseTime(s, "same step", scope, place);
}

/** Every slice below 0 is defined by an `init`, over the whole of the other dims. `scope` knows no axes. */
export function checkInit(output: StageOutput, time: number, scope: Scope, place: Place): void {
  const { tensor, init } = output;
  const lowest = known(
    asConstant(scope.poly(known(tensor.dims[time], "the time dim").lo)),
    "the first slice, which is a number where init is one",
  );
  for (let slice = lowest; slice < 0n; slice++) {
    const there = init.filter((slices) => {
      const axis = known(slices.axes[time], "the time axis of init");
      const [lo, hi] = [asConstant(scope.poly(axis.lo)), asConstant(scope.poly(axis.hi))];
      return lo !== null && hi !== null && lo <= slice && slice < hi;
    });
    if (!there.some((slices) => coversOthers(output, slices.axes, time, scope)))
      refuseInit(tensor, slice, there.length > 0, scope, place);
  }
}

function coversOthers(
  { tensor }: StageOutput,
  axes: StageOutput["init"][number]["axes"],
  time: number,
  scope: Scope,
): boolean {
  return tensor.dims.every((dim, d) => {
    const axis = known(axes[d], "an axis of init");
    if (d === time) return true;
    return scope.holds(
      all([atMost(scope.poly(axis.lo), scope.poly(dim.lo)), atMost(scope.poly(dim.hi), scope.poly(axis.hi))]),
    );
  });
}
