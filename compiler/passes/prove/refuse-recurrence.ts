/** Diagnostics of recurrences: slices that are not there yet, slices that nothing defines. */
import type { Tensor } from "../../ir/equations.ts";
import { asConstant, sub } from "../../analysis/polynomial.ts";
import { known } from "../../support/invariant.ts";
import { rangesNote } from "./explain.ts";
import { report } from "./refuse-arithmetic.ts";
import type { Scope } from "./scope.ts";
import type { Place, Subscript } from "./shared.ts";

export function refuseTime(
  s: Subscript,
  reason: "in init" | "same step" | "not before",
  scope: Scope,
  place: Place,
): void {
  const { names } = scope.shared;
  const { group } = place;
  const now = group === null || group.now === null ? "t" : names.value(group.now);
  const at = names.value(s.expr);
  const name = s.tensor.name;
  const ahead = group === null || group.now === null ? null : asConstant(sub(s.value, scope.poly(group.now)));
  const isLater = ahead !== null && ahead > 0n;
  const text = {
    "in init": {
      message: `init may not read ${name}, which it starts`,
      label: "read in init",
      help: "start from parameters and other stages",
    },
    "same step": {
      message: `${name} is read at the step that computes it`,
      label: `${at} is the present step`,
      help: `read an earlier slice: ${name}[${now} - 1${s.tensor.dims.length > 1 ? ", …" : ""}]`,
    },
    "not before": {
      message: `this read of ${name} may be of a slice that is not computed yet`,
      label: `needs ${at} == ${now} or ${at} < ${now}`,
      help: isLater
        ? `read an earlier slice: ${name}[${now} - 1${s.tensor.dims.length > 1 ? ", …" : ""}]`
        : `read an earlier slice, or put the read under a condition: ${at} < ${now}`,
    },
  }[reason];
  report(scope, place, "E2032", {
    message: text.message,
    label: text.label,
    notes: [rangesNote(scope, [s.value])],
    help: [text.help],
  });
}

/** `slice`: the slice below 0 that is missing, or of which a part is. */
export function refuseInit(tensor: Tensor, slice: bigint, isPartial: boolean, scope: Scope, place: Place): void {
  const name = tensor.name;
  const axes = known(tensor.dims, "dims").length;
  const message = isPartial
    ? `init defines only a part of slice ${slice} of ${name}`
    : `${name} may be read at slice ${slice}, which no init defines`;
  report(scope, place, "E2035", {
    message,
    label: "defined here",
    help: [
      isPartial
        ? `let the other indices run over the whole dim: init ${name}[${slice}, j] = …`
        : `add init ${name}[${slice}${axes > 1 ? ", …" : ""}] = …`,
    ],
  });
}
