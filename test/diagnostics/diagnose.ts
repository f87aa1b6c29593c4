/**
 * What the front end says about a text: the one function that the cases of this folder are held against. A stage that
 * joins the front end joins here, and its codes by files beside this one.
 */
import { parse } from "../../compiler/lang/parse.ts";
import { Diagnostics, type Diagnostic } from "../../compiler/support/diagnostics.ts";
import type { Source } from "../../compiler/support/source.ts";

export function diagnose(source: Source): readonly Diagnostic[] {
  const diagnostics = new Diagnostics();
  parse(source, diagnostics);
  return diagnostics.list;
}
