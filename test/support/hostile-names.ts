/** Names that would do harm, or mean something, where they reached the code of a target; see hostile-names.test.ts. */

const words = (text: string): readonly string[] => text.split(/\s+/).filter((w) => w !== "");

const C =
  words(`auto break case char const continue default do double else enum extern float for goto if inline int long
  register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while _Alignas
  _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local asm fortran typeof nullptr
  constexpr thread_local static_assert _BitInt _Decimal128`);
const CPP =
  words(`alignas alignof and_eq bitand bitor bool catch char8_t char16_t char32_t class co_await co_return co_yield
  compl concept const_cast consteval constinit decltype delete dynamic_cast explicit export friend mutable namespace new
  noexcept not_eq operator or_eq private protected public reinterpret_cast requires static_cast template this throw try
  typeid typename using virtual wchar_t xor_eq xor std final override import module`);
const WGSL = words(`alias const_assert discard diagnostic enable fallthrough loop override requires var continuing true_
  array atomic bitcast f16_ mat2x2 mat3x3f mat4x4h ptr sampler texture_2d texture_storage_2d vec2 vec3f vec4i vec4u
  workgroupBarrier storageBarrier workgroupUniformLoad workgroup storage uniform private_ function_ read_write binding group
  builtin compute fragment vertex global_invocation_id local_invocation_index num_workgroups workgroup_size dpdx fwidth
  textureSample unpack4x8snorm quantizeToF16 countOneBits firstLeadingBit extractBits insertBits faceForward inverseSqrt
  NULL Self abstract active await become cast coherent common demote export_ filter fixed from fxgroup get handle highp impl
  invariant layout lowp macro match mediump meta mod module_ move mut noinline nointerpolation non_coherent noncoherent
  noperspective of packed patch pixelfragment precise precision premerge pub readonly ref regardless resource self set shared
  smooth snorm sample subroutine super target trait type unless unorm unsafe unsized use varying wgsl where_ writeonly yield`);
const JS =
  words(`arguments async await_ debugger delete_ eval extends finally function implements instanceof interface let_
  null package super_ undefined with NaN Infinity globalThis window document process require module_exports exports Object
  Array BigInt64Array BigUint64Array Float32Array Uint8Array Symbol Proxy Reflect Math JSON Promise WebAssembly Buffer
  constructor prototype __proto__ toString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString
  __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ then toJSON length name_ caller callee apply call bind
  load run dims out data shape dtype args options fetch URL Response Error TypeError RangeError`);
const LIBC =
  words(`main printf fprintf sprintf malloc calloc realloc free memcpy memset memmove memcmp strlen strcpy exit abort
  atexit system getenv signal raise setjmp longjmp errno stdin stdout stderr fopen fclose fread fwrite assert isnan isinf
  isfinite signbit fabs fabsf sqrtf expf logf powf sinf cosf tanhf erff floorf ceilf fmaxf fminf fmodf roundf truncf lrintf
  nan nanf nextafterf copysign ldexp frexp modf time clock rand srand qsort bsearch abs labs div ldiv getpid fork execve kill
  open close read write mmap munmap ioctl socket bind_ listen accept sleep usleep pthread_create dlopen y0 y1 yn j0 j1 jn
  gamma lgamma tgamma index rindex environ optarg int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t
  ptrdiff_t intptr_t float_t double_t INT32_MAX INT64_MIN UINT32_C INFINITY NAN HUGE_VALF FLT_MAX DBL_EPSILON M_PI EOF
  NULL_ TRUE FALSE bool_ complex I _Complex_I`);
const MACROS =
  words(`__FILE__ __LINE__ __DATE__ __TIME__ __func__ __VA_ARGS__ __STDC__ __STDC_VERSION__ __cplusplus __GNUC__
  __clang__ __x86_64__ __linux__ linux unix i386 vax sun WIN32 _WIN32 __builtin_expect __builtin_trap __attribute__ __asm__
  __declspec __restrict __inline __int128 __float128 __has_include __COUNTER__ _Pragma __SYNTHESIS__ AP_INT ap_int ap_fixed
  hls pragma HLS PIPELINE UNROLL ARRAY_PARTITION`);
const LLVM =
  words(`define declare global_ constant private internal available_externally linkonce weak common_ appending
  extern_weak linkonce_odr weak_odr external dllimport dllexport fastcc coldcc ccc alwaysinline noreturn nounwind readnone
  phi br ret invoke resume unreachable load_ store alloca getelementptr fence cmpxchg atomicrmw trunc zext sext fptrunc fpext
  icmp fcmp select_ va_arg landingpad entry undef poison zeroinitializer blockaddress dso_local attributes llvm label
  metadata token x86_fp80 half bfloat fp128 ptr_ i1 i128 opaque`);
const WASM_AND_OURS = words(`func module_name param result local global memory table elem start block end_ i32_add f32x4
  v128 unreachable_ nop drop env memory_ run_ t0 t1 d0 d1 v0 v1 r0 i0 n0 in0 in1 out0 out1 x0 e0 s0 arg0 nest0 nest1 kernel_
  nest arena slots sizes launch KERNEL DIMS PARAMS OUTPUTS SLOTS WHERE INDEX_ENDS WASM CHECKS einkorn einkorn_ EINKORN
  EINKORN_H plain floor_div floorDiv floorMod numbers bindDims checkCall wrongType wrongValue say shown own listed`);
const DEVICES = words(`CON PRN AUX NUL COM1 LPT9 con nul Makefile README manifest index_html node_modules dot_git`);
const CASES = words(`a A aa AA aA Aa b B kernelA KERNELa x X _ __ ___ _0 _a a_ a__b A1 O0 O l lI Il II ll`);
const LONG = ["q".repeat(255), "Q".repeat(255), `_${"0".repeat(254)}`, `a${"_".repeat(254)}`, "z".repeat(200)];

export const HOSTILE_NAMES: readonly string[] = [
  ...new Set([C, CPP, WGSL, JS, LIBC, MACROS, LLVM, WASM_AND_OURS, DEVICES, CASES, LONG].flat()),
];

/** Texts that look like names, or that would break out of a quotation, and are none: the lexer refuses them. */
export const NO_NAMES: readonly string[] = [
  "é",
  "а", // Cyrillic
  "ｘ", // full width
  "ı",
  "x\u0301",
  "x\u200b",
  "x\u202ey",
  "𝐱",
  "$",
  "a$b",
  "`x`",
  "#define",
  "@compute",
  "q".repeat(256),
  "Q".repeat(10_240),
];
