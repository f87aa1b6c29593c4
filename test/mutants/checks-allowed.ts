/** Places that no case of test/diagnostics guards, each with its reason; checks.ts reads the list. */
export const ALLOWED: readonly { readonly file: string; readonly what: string; readonly reason: string }[] = [
  {
    file: "compiler/lang/check/call-arguments.ts",
    what: "materialise",
    reason: "the stage of an argument takes the dtype of its value, so nothing is converted there",
  },
  {
    file: "compiler/lang/check/access.ts",
    what: "materialise",
    reason: "the stage of a padded value takes the dtype of its value, so nothing is converted there",
  },
  {
    file: "compiler/lang/check/user-reducers.ts",
    what: "declaredRange",
    reason: "one of the two calls is for a reducer that has been built, which reports the same",
  },
  {
    file: "compiler/lang/check/call-arguments.ts",
    what: "resolveType",
    reason: "one of the two calls is a trial, whose reports are dropped; the other reports the same",
  },
  {
    file: "compiler/lang/check/generics.ts",
    what: "typeFor",
    reason: "one of the two calls is a trial, whose reports are dropped; the other reports the same",
  },
  {
    file: "compiler/lang/check/operators.ts",
    what: "divide",
    reason: "the quotient of `x ** -n` is one of floats: 1 and a power of a float",
  },
  {
    file: "compiler/lang/check/indexed-equations.ts",
    what: "checkInit",
    reason: "one of the two calls is a trial, whose reports are dropped; the other reports the same",
  },
  {
    file: "compiler/lang/check-program.ts",
    what: "exhaust",
    reason: "a program that is too large as a whole takes seconds: test/unit/check-growth.test.ts has it",
  },
  {
    file: "compiler/lang/format/format.ts",
    what: "E1004",
    reason: "a text that only its form makes too large has a megabyte: test/unit/format-limit.test.ts has it",
  },
  {
    file: "compiler/passes/prove/recurrences.ts",
    what: "refuseTime",
    reason: "order-steps.ts refuses cycles within a step (E2034); the prover looks again, and trusts nobody",
  },
];
