/**
 * Generics of kernels, fns and reducers: compile-time numbers, dims given by name, and dtypes found from the arguments.
 * A generic that is given takes precedence, then what the arguments say, then the default.
 */
import { DIM_LIMIT } from "../../analysis/facts.ts";
import type { DType } from "../../ir/dtype.ts";
import { isDType, isFloat, isInt } from "../../ir/dtype.ts";
import type { Span } from "../../support/source.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import type { Context, Env } from "./context.ts";
import { insteadOfDType } from "./foreign-names.ts";
import { evaluateScalar } from "./parts.ts";
import type { ProgramTable } from "./program-table.ts";
import { Scope } from "./scope.ts";
import { computingDType } from "./types.ts";
import type { Scalar, ValueType } from "./value.ts";
import { boolConstant, defaultType, indexConstant, isWhole, realConstant, typeName } from "./value.ts";

/** What the kinds of generics are; `value` ones are constants, `type` ones dtypes. */
const SORTS = {
  int: "value",
  float: "value",
  bool: "value",
  dim: "dim",
  dtype: "type",
  anyfloat: "type",
  anyint: "type",
} as const;
export type Sort = keyof typeof SORTS;

function isSort(word: string): word is Sort {
  return Object.hasOwn(SORTS, word);
}

export function sortOf(g: Ast.GenericParam): Sort | null {
  return isSort(g.sort.text) ? g.sort.text : null;
}

export function isTypeSort(sort: Sort): boolean {
  return SORTS[sort] === "type";
}

/** Reports kinds that do not exist and names declared twice. */
function checkSorts(context: Context, generics: readonly Ast.GenericParam[]): boolean {
  let fine = true;
  for (const g of generics) {
    if (sortOf(g) !== null) continue;
    fine = false;
    const near = didYouMean(g.sort.text, Object.keys(SORTS));
    context.report("E2016", {
      span: g.sort.span,
      message: `\`${g.sort.text}\` is not a kind of generic`,
      notes: [`the kinds are ${Object.keys(SORTS).join(", ")}`],
      help: near === null ? [] : [`did you mean ${near} ?`],
    });
  }
  return fine;
}

/** A number given from outside the program (`--set r=3`). */
export type GivenGeneric = bigint | number | boolean | string;

export type BoundGenerics = {
  readonly values: ReadonlyMap<string, Scalar>;
  readonly types: ReadonlyMap<string, DType>;
  readonly complete: boolean;
};

/** Where values for generics come from. */
export type GenericSources = {
  /** By name at a call; evaluated in the caller. */
  readonly args: ReadonlyMap<string, Ast.Argument>;
  readonly env: Env;
  /** From outside the program. */
  readonly given: ReadonlyMap<string, GivenGeneric>;
  /** Dtypes that the arguments of the call have. */
  readonly inferred: ReadonlyMap<string, DType>;
  /** Dims that the arguments give; a `dim` generic that is missing is reported only where this is not null. */
  readonly dims: ReadonlyMap<string, Scalar>;
  /** Where it is called; for the outermost kernel, its name. */
  readonly span: Span;
  /** The names of the file that declares the generics: their defaults are written there. */
  readonly home: ProgramTable;
};

/** Values for all generics but `dim` ones that nothing gives; what is missing or of the wrong kind is reported. */
export function bindGenerics(
  context: Context,
  generics: readonly Ast.GenericParam[],
  sources: GenericSources,
): BoundGenerics {
  const values = new Map<string, Scalar>();
  const types = new Map<string, DType>();
  let complete = checkSorts(context, generics);
  for (const g of generics) {
    const sort = sortOf(g);
    if (sort === null) continue;
    if (isTypeSort(sort)) {
      const dtype = typeFor(context, g, sort, sources);
      if (dtype === null) complete = false;
      else types.set(g.name.text, dtype);
    } else {
      const value = valueFor(context, g, sort, sources);
      if (value === "missing") complete = false;
      else if (value !== null) values.set(g.name.text, value);
    }
  }
  return { values, types, complete };
}

/** The dtypes that generics stand for, as far as they can be told already; nothing is reported. */
export function dtypesOf(
  context: Context,
  generics: readonly Ast.GenericParam[],
  sources: GenericSources,
): ReadonlyMap<string, DType> {
  return context.quietly(() => {
    const types = new Map<string, DType>();
    for (const g of generics) {
      const sort = sortOf(g);
      const dtype = sort !== null && isTypeSort(sort) ? typeFor(context, g, sort, sources) : null;
      if (dtype !== null) types.set(g.name.text, dtype);
    }
    return types;
  });
}

function typeFor(context: Context, g: Ast.GenericParam, sort: Sort, sources: GenericSources): DType | null {
  const name = g.name.text;
  const arg = sources.args.get(name);
  const given = sources.given.get(name);
  const word =
    arg === undefined
      ? given === undefined
        ? (sources.inferred.get(name) ?? typeWord(g.defaultValue))
        : String(given)
      : arg.value.kind === "string"
        ? arg.value.value
        : typeArgument(arg.value, sources.env);
  const span = arg?.span ?? sources.span;
  if (word === null) {
    const fallback = sort === "anyint" ? "i32" : "f32";
    if (arg === undefined && g.defaultValue === null) return fallback;
    context.report("E2016", {
      span,
      message: `\`${name}\` is a dtype, and this is not one`,
      related: [{ span: g.span, message: "declared here" }],
      help: [`write ${name} = ${fallback}`],
    });
    return null;
  }
  if (!isDType(word)) {
    const isDefault = arg === undefined && given === undefined && !sources.inferred.has(name);
    context.report("E2027", {
      span: arg?.value.span ?? (isDefault ? g.defaultValue?.span : null) ?? span,
      message: `\`${word}\` is not a dtype`,
      help: [dtypeHelp(word)],
    });
    return null;
  }
  const wrong = (sort === "anyfloat" && !isFloat(word)) || (sort === "anyint" && !isInt(word));
  if (!wrong) return word;
  context.report("E2016", {
    span,
    message: `\`${name}\` is ${sort === "anyfloat" ? "a float dtype" : "an integer dtype"}, and here it would be ${word}`,
    related: [{ span: g.span, message: "declared here" }],
    help: [
      arg === undefined && given === undefined && sources.inferred.has(name)
        ? `cast the argument first: ${sort === "anyint" ? "sat_i32" : "f32"}(…)`
        : `write ${name} = ${sort === "anyint" ? "i32" : "f32"}`,
    ],
  });
  return null;
}

/** A dtype as an argument: its word, or a generic of the caller that stands for one. */
function typeArgument(e: Ast.Expr, caller: Env): string | null {
  const word = typeWord(e);
  return word === null ? null : (caller.types.get(word) ?? word);
}

/** The word that an expression is, which may name a dtype. */
export function typeWord(e: Ast.Expr | null): string | null {
  return e?.kind === "path" && e.names.length === 1 ? e.names[0].text : null;
}

/** A default is written where the generic is declared, and sees nothing of the call. */
function aroundDefault({ env, home }: GenericSources): Env {
  const module = { module: home, scope: new Scope(), types: new Map<string, DType>() };
  return { ...env, ...module, stage: null, subscript: false, hidden: null, equation: null };
}

/** Null: a dim that nothing gives. */
function valueFor(
  context: Context,
  g: Ast.GenericParam,
  sort: Sort,
  sources: GenericSources,
): Scalar | "missing" | null {
  const name = g.name.text;
  const arg = sources.args.get(name);
  const given = sources.given.get(name);
  if (given !== undefined) {
    const value = givenScalar(given, sources.span);
    if (value !== null && fitsSort(value, sort)) return asSort(value, sort);
    context.report("E2016", {
      span: sources.span,
      message: `\`${name}\` is ${sort}, and ${String(given)} is not`,
      related: [{ span: g.span, message: "declared here" }],
    });
    return "missing";
  }
  if (arg !== undefined) return argumentFor(context, g, sort, arg, sources.env);
  const dim = sources.dims.get(name);
  if (dim !== undefined) return dim;
  if (g.defaultValue !== null) {
    const value = evaluateScalar(context, aroundDefault(sources), g.defaultValue);
    if (value !== null && value.constant !== null && fitsSort(value, sort)) return asSort(value, sort);
    if (value !== null)
      context.report("E2016", {
        span: g.defaultValue.span,
        message: `the default of \`${name}\` is not a number of kind ${sort}${sort === "dim" ? ": a size is at least 0 and below 2**31" : ""}`,
      });
    return "missing";
  }
  if (sort === "dim") return null;
  context.report("E2016", {
    span: sources.span,
    message: `nothing gives the generic \`${name}\``,
    related: [{ span: g.span, message: "it has no default" }],
    help: [`write ${name} = … in the call, or a default where it is declared`],
  });
  return "missing";
}

function argumentFor(
  context: Context,
  g: Ast.GenericParam,
  sort: Sort,
  arg: Ast.Argument,
  env: Env,
): Scalar | "missing" {
  if (arg.value.kind === "string") {
    context.report("E2016", {
      span: arg.value.span,
      message: `\`${g.name.text}\` is ${sort}, and a text is not`,
      help: /^-?[\w.]+$/.test(arg.value.value) ? [`write ${arg.value.value} without quotes`] : [],
    });
    return "missing";
  }
  const value = evaluateScalar(context, env, arg.value);
  if (value === null) return "missing";
  const fine =
    sort === "dim"
      ? isWhole(value.type) && value.pure && (value.constant === null || fitsSort(value, sort))
      : value.constant !== null && fitsSort(value, sort);
  if (fine) return asSort(value, sort);
  context.report("E2016", {
    span: arg.value.span,
    message:
      value.constant === null && sort !== "dim"
        ? `\`${g.name.text}\` must be known when the kernel is compiled, and this is not a number`
        : `\`${g.name.text}\` is ${sort}, and this is ${sort === "dim" && typeof value.constant === "bigint" ? String(value.constant) : typeName(value.type)}`,
    related: [{ span: g.span, message: "declared here" }],
    help:
      value.constant === null && sort !== "dim"
        ? [`write a number, or make \`${g.name.text}\` a parameter where it is declared, which is given at run time`]
        : [],
  });
  return "missing";
}

function givenScalar(given: GivenGeneric, span: Span): Scalar | null {
  if (typeof given === "boolean") return boolConstant(given, span);
  if (typeof given === "bigint") return indexConstant(given, span);
  if (typeof given === "number")
    return Number.isInteger(given) ? indexConstant(BigInt(given), span) : realConstant(given, span);
  if (given === "true" || given === "false") return boolConstant(given === "true", span);
  if (/^[+-]?\d+$/.test(given)) return indexConstant(BigInt(given), span);
  const number = Number(given);
  return given.trim() === "" || Number.isNaN(number) ? null : realConstant(number, span);
}

function fitsSort(value: Scalar, sort: Sort): boolean {
  if (sort === "dim" && typeof value.constant === "bigint" && (value.constant < 0n || value.constant >= DIM_LIMIT))
    return false;
  if (sort === "bool") return value.type === "bool";
  if (sort === "float") return value.type === "real" || value.type === "index";
  return value.type === "index";
}

function asSort(value: Scalar, sort: Sort): Scalar {
  if (sort === "float" && typeof value.constant === "bigint") return realConstant(Number(value.constant), value.span);
  return value;
}

/** The dtypes that arguments give to generics: the first typed argument decides. */
export function inferTypes(
  generics: readonly Ast.GenericParam[],
  params: readonly Ast.Param[],
  types: readonly (ValueType | null)[],
): ReadonlyMap<string, DType> {
  const names = new Set(generics.filter((g) => SORTS[sortOf(g) ?? "int"] === "type").map((g) => g.name.text));
  const inferred = new Map<string, DType>();
  const weak = new Map<string, DType>();
  params.forEach((p, n) => {
    const type = types[n];
    const name = p.type.dtype.text;
    if (!names.has(name) || type === null || type === undefined || type === "unknown") return;
    const dtype = defaultType(type);
    if (dtype === "unknown") return;
    if (type === "index" || type === "real") weak.set(name, dtype);
    else if (!inferred.has(name)) inferred.set(name, computingDType(dtype));
  });
  return inferred;
}

/** The dtype that a word of the program names here; reports unknown ones. */
export function resolveType(context: Context, name: Ast.Name, types: ReadonlyMap<string, DType>): DType | null {
  const generic = types.get(name.text);
  if (generic !== undefined) return generic;
  if (isDType(name.text)) return name.text;
  context.report("E2027", {
    span: name.span,
    message: `\`${name.text}\` is not a dtype`,
    help: [dtypeHelp(name.text, [...types.keys()])],
  });
  return null;
}

const COMMON_DTYPES = ["f32", "f64", "f16", "bf16", "i32", "i64", "i16", "i8", "u8", "u32", "bool"];

function dtypeHelp(word: string, generics: readonly string[] = []): string {
  const near = didYouMean(word, [...generics, ...COMMON_DTYPES]);
  return (
    insteadOfDType(word) ??
    (near === null ? "write f32, i32, bool, … or declare a generic: <T: anyfloat>" : `did you mean ${near} ?`)
  );
}
