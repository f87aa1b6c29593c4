/** Goals that index analysis meets in real kernels, and neighbours of theirs that are false or cannot be proved. */
export type GoalCase = {
  readonly name: string;
  readonly scope: readonly string[];
  readonly goals: readonly string[];
};

const conv = ["dim H R s p", "s >= 1", "R <= H + 2*p", "y in 0..(H + 2*p - R) div s + 1", "r in 0..R"];
const pool = ["dim H k s", "k >= 1", "s >= 1", "k <= H", "y in 0..(H - k) div s + 1", "r in 0..k"];

/** Every goal of these must be proved. */
export const TRUE_GOALS: readonly GoalCase[] = [
  { name: "a bare index", scope: ["dim N", "i in 0..N"], goals: ["0 <= i < N", "N >= 1", "N - 1 - i >= 0"] },
  { name: "pooling", scope: pool, goals: ["0 <= y*s + r < H"] },
  {
    name: "pooling by numbers",
    scope: ["dim H", "2 <= H", "y in 0..(H - 2) div 2 + 1", "r in 0..2"],
    goals: ["0 <= y*2 + r < H"],
  },
  { name: "convolution into padding", scope: conv, goals: ["-p <= y*s + r - p < H + p"] },
  {
    name: "convolution inside, by its guard",
    scope: [...conv, "y*s + r - p >= 0 && y*s + r - p < H"],
    goals: ["0 <= y*s + r - p < H"],
  },
  { name: "convolution without padding", scope: [...conv, "p == 0"], goals: ["0 <= y*s + r - p < H"] },
  {
    name: "dilated convolution",
    scope: ["dim H R d", "d >= 1", "R >= 1", "d*(R - 1) < H", "y in 0..H - d*(R - 1)", "r in 0..R"],
    goals: ["0 <= y + d*r < H"],
  },
  { name: "matrix as one line", scope: ["dim M N", "i in 0..M", "j in 0..N"], goals: ["0 <= i*N + j < M*N"] },
  {
    name: "tensor as one line",
    scope: ["dim A B C", "a in 0..A", "b in 0..B", "c in 0..C"],
    goals: ["0 <= (a*B + b)*C + c < A*B*C"],
  },
  {
    name: "two-level tiles, guarded",
    scope: ["dim M", "io in 0..(M + 31) div 32", "ii in 0..4", "iv in 0..8", "io*32 + ii*8 + iv < M"],
    goals: ["0 <= io*32 + ii*8 + iv < M"],
  },
  {
    name: "two-level tiles by symbolic sizes",
    scope: ["dim M T U", "T >= 1", "U >= 1", "io in 0..M div (T*U)", "im in 0..T", "ii in 0..U"],
    goals: ["0 <= (io*T + im)*U + ii < M"],
  },
  {
    name: "vectors of four",
    scope: ["dim N", "N % 4 == 0", "v in 0..N div 4", "l in 0..4"],
    goals: ["0 <= 4*v + l < N"],
  },
  { name: "recurrence", scope: ["dim T", "t in 0..T"], goals: ["t - 1 >= -1", "t - 1 < t", "-1 <= T - 1 < T"] },
  {
    name: "grouped convolution, two groups",
    scope: ["dim O", "O % 2 == 0", "o in 0..O", "O >= 1"],
    goals: ["0 <= o div (O div 2) < 2"],
  },
  {
    name: "grouped convolution",
    scope: ["dim C O CG g", "C == g*CG", "O % g == 0", "g >= 1", "O div g >= 1", "o in 0..O", "c in 0..CG"],
    goals: ["0 <= c + CG*(o div (O div g)) < C"],
  },
  {
    name: "pixel shuffle, r = 2",
    scope: ["dim C", "c in 0..C div 4", "a in 0..2", "b in 0..2"],
    goals: ["0 <= c*4 + a*2 + b < C"],
  },
  {
    name: "pixel shuffle",
    scope: ["dim C r", "r >= 1", "c in 0..C div (r*r)", "a in 0..r", "b in 0..r"],
    goals: ["0 <= c*r*r + r*a + b < C"],
  },
  {
    name: "pixel shuffle, whole kernel",
    scope: ["dim C H r", "r >= 1", "c in 0..C div (r*r)", "y in 0..H*r"],
    goals: ["0 <= c*r*r + r*(y % r) < C", "0 <= y div r < H"],
  },
  {
    name: "pixel shuffle, C given",
    scope: ["dim q r", "r >= 1", "c in 0..q", "a in 0..r", "b in 0..r"],
    goals: ["0 <= c*r*r + r*a + b < r*r*q"],
  },
  {
    name: "flatten of 16 x 4 x 4",
    scope: ["f in 0..256"],
    goals: [
      "0 <= f div 16 < 16",
      "0 <= (f div 4) % 4 < 4",
      "0 <= f % 4 < 4",
      "16*(f div 16) + 4*((f div 4) % 4) + f % 4 == f",
    ],
  },
  {
    name: "flatten by symbolic sizes",
    scope: ["dim A B C", "f in 0..A*B*C", "B >= 1", "C >= 1"],
    goals: ["0 <= f div (B*C) < A", "0 <= (f div C) % B < B", "0 <= f % C < C"],
  },
  {
    name: "transposed convolution",
    scope: [
      "dim H R s p",
      "s >= 1",
      "H >= 1",
      "2*p <= (H - 1)*s + R",
      "y in 0..(H - 1)*s + R - 2*p",
      "r in 0..R",
      "(y + p - r) % s == 0",
      "y + p - r >= 0",
      "y + p - r <= (H - 1)*s",
    ],
    goals: ["0 <= (y + p - r) div s < H", "s*((y + p - r) div s) == y + p - r"],
  },
  {
    name: "causal attention",
    scope: ["dim L", "i in 0..L", "j in 0..L", "j <= i"],
    goals: ["0 <= j < L", "i - j >= 0", "i - j < L"],
  },
  {
    name: "sparse rows",
    scope: ["dim M1 Z", "M1 >= 1", "0 <= ptr_i < Z + 1", "0 <= ptr_i1 < Z + 1", "i in 0..M1 - 1", "e in ptr_i..ptr_i1"],
    goals: ["0 <= e < Z", "0 <= i + 1 < M1"],
  },
  {
    name: "slice backwards",
    scope: ["dim N", "s < 0", "a < 0", "a >= -N", "b >= 0", "b <= N + a", "i in 0..(a + N - b - s - 1) div (-s)"],
    goals: ["0 <= a + N + s*i < N"],
  },
  { name: "rotary halves", scope: ["dim D", "D % 2 == 0", "d in 0..D"], goals: ["0 <= d % (D div 2) < D div 2"] },
  {
    name: "rotary, lower half",
    scope: ["dim D", "D % 2 == 0", "d in 0..D", "d < D div 2"],
    goals: ["0 <= d + D div 2 < D"],
  },
  {
    name: "rotary, upper half",
    scope: ["dim D", "D % 2 == 0", "d in 0..D", "d >= D div 2"],
    goals: ["0 <= d - D div 2 < D", "d - D div 2 < D div 2"],
  },
  { name: "neighbour, clamped", scope: ["dim H", "H >= 1", "0 <= y0 < H"], goals: ["0 <= min(y0 + 1, H - 1) < H"] },
  {
    name: "resize, corners aligned",
    scope: ["dim H Ho", "Ho >= 2", "H >= 1", "y in 0..Ho"],
    goals: ["0 <= (y*(H - 1)) div (Ho - 1) < H", "0 <= min((y*(H - 1)) div (Ho - 1) + 1, H - 1) < H"],
  },
  {
    name: "grouped queries",
    scope: ["dim H G", "G >= 1", "H % G == 0", "h in 0..H"],
    goals: ["0 <= h div (H div G) < G"],
  },
  { name: "clamp", scope: ["dim V", "V >= 1"], goals: ["0 <= clamp(x, 0, V - 1) < V"] },
  { name: "negative gather", scope: ["dim V", "-V <= id < V", "id < 0"], goals: ["0 <= id + V < V"] },
  { name: "tile a vector", scope: ["dim N r", "N >= 1", "i in 0..N*r"], goals: ["0 <= i % N < N"] },
  { name: "concat, right part", scope: ["dim N M", "i in 0..N + M", "i >= N"], goals: ["0 <= i - N < M"] },
  { name: "split", scope: ["dim N n", "n <= N", "i in 0..N - n"], goals: ["0 <= i + n < N"] },
  { name: "reverse", scope: ["dim T", "t in 0..T"], goals: ["0 <= T - 1 - t < T"] },
  { name: "padded by a and b", scope: ["dim N a b", "i in 0..N + a + b"], goals: ["-a <= i - a < N + b"] },
  { name: "inverse 3 x 3", scope: ["i in 0..3"], goals: ["0 <= (i + 1) % 3 < 3", "0 <= (i + 2) % 3 < 3"] },
  {
    name: "butterfly",
    scope: ["dim N S", "S >= 1", "N % (2*S) == 0", "i in 0..N"],
    goals: ["0 <= (i div (2*S))*(2*S) + i % S < N", "(i div (2*S))*(2*S) + i % S + S < N"],
  },
  { name: "batch in the domain is not empty", scope: ["dim B H W", "B*H*W >= 1"], goals: ["B*H*W != 0"] },
  { name: "image is not empty", scope: ["dim B H W", "n in 0..B", "y in 0..H", "x in 0..W"], goals: ["B*H*W >= 1"] },
  {
    name: "wavefront",
    scope: ["dim M N", "d in 0..M + N + 1", "i in 0..M + 1", "i <= d", "d - i <= N", "i != 0", "i != d"],
    goals: ["0 <= i - 1 < M", "0 <= d - i - 1 < N", "-2 <= d - 2 < d"],
  },
  {
    name: "block diagonal",
    scope: ["dim N b", "b >= 1", "i in 0..N*b", "j in 0..b"],
    goals: ["0 <= (i div b)*b + j < N*b"],
  },
  {
    name: "space to depth",
    scope: ["dim H b", "b >= 1", "H % b == 0", "y in 0..H div b", "r in 0..b"],
    goals: ["0 <= y*b + r < H"],
  },
  {
    name: "im2col",
    scope: [...pool, "dim W q", "k <= W", "0 <= q < k", "x in 0..(W - k) div s + 1"],
    goals: ["0 <= (y*s + r)*W + x*s + q < H*W"],
  },
  {
    name: "fused tile loops",
    scope: [
      "dim M N",
      "f in 0..((M + 7) div 8)*((N + 7) div 8)",
      "N >= 1",
      "8*(f div ((N + 7) div 8)) + a < M",
      "0 <= a < 8",
    ],
    goals: ["0 <= 8*(f div ((N + 7) div 8)) + a < M", "0 <= f % ((N + 7) div 8) < (N + 7) div 8"],
  },
  {
    name: "tail tile that overlaps",
    scope: ["dim N", "N >= 8", "t in 0..(N + 7) div 8", "l in 0..8"],
    goals: ["0 <= min(8*t, N - 8) + l < N"],
  },
  {
    name: "ring of a recurrence",
    scope: ["dim T", "t in 0..T"],
    goals: ["0 <= (t + 1) % 2 < 2", "0 <= (t - 1) % 3 < 3"],
  },
  {
    name: "triangle as one line",
    scope: ["dim N", "i in 0..N", "j in 0..i + 1"],
    goals: ["0 <= j < N", "i*(i + 1) >= 0"],
  },
  { name: "upsample", scope: ["dim H s", "s >= 1", "y in 0..H*s"], goals: ["0 <= y div s < H"] },
  {
    name: "strided read of an even length",
    scope: ["dim N", "N % 2 == 0", "i in 0..N div 2"],
    goals: ["0 <= 2*i + 1 < N", "0 <= 2*i < N"],
  },
  {
    name: "channels in blocks of sixteen",
    scope: ["dim C H W", "C % 16 == 0", "c in 0..C", "y in 0..H", "x in 0..W"],
    goals: ["0 <= ((((c div 16)*H + y)*W + x)*16) + c % 16 < C*H*W"],
  },
  { name: "equal dims", scope: ["dim K K2", "K == K2", "k in 0..K"], goals: ["0 <= k < K2", "K - K2 == 0"] },
];

/** None of the goals of these may be proved: each is false somewhere, or does not follow from what is assumed. */
export const UNPROVABLE_GOALS: readonly GoalCase[] = [
  { name: "a bare index, one too far", scope: ["dim N", "i in 0..N"], goals: ["i + 1 < N", "i >= 1", "N >= 2"] },
  { name: "a bare index of another dim", scope: ["dim N M", "i in 0..N"], goals: ["i < M", "N <= M"] },
  {
    name: "pooling, output one too long",
    scope: ["dim H k s", "k >= 1", "s >= 1", "k <= H", "y in 0..(H - k) div s + 2", "r in 0..k"],
    goals: ["y*s + r < H"],
  },
  { name: "pooling, window one too long", scope: [...pool.slice(0, 5), "r in 0..k + 1"], goals: ["y*s + r < H"] },
  { name: "pooling, off by one", scope: pool, goals: ["y*s + r < H - 1", "y*s + r >= 1"] },
  { name: "convolution with padding is not inside", scope: conv, goals: ["y*s + r - p >= 0", "y*s + r - p < H"] },
  {
    name: "convolution, padding one too small",
    scope: conv,
    goals: ["y*s + r - p >= 1 - p", "y*s + r - p < H + p - 1"],
  },
  { name: "convolution, guard on one side only", scope: [...conv, "y*s + r - p >= 0"], goals: ["y*s + r - p < H"] },
  {
    name: "dilated convolution, one row too many",
    scope: ["dim H R d", "d >= 1", "R >= 1", "d*(R - 1) < H", "y in 0..H - d*(R - 1) + 1", "r in 0..R"],
    goals: ["y + d*r < H"],
  },
  {
    name: "matrix as one line, wrong stride",
    scope: ["dim M N", "i in 0..M", "j in 0..N"],
    goals: ["i*M + j < M*N", "i*N + j < M*N - 1", "i*N + j + 1 < M*N"],
  },
  {
    name: "tensor as one line, wrong stride",
    scope: ["dim A B C", "a in 0..A", "b in 0..B", "c in 0..C"],
    goals: ["(a*C + b)*B + c < A*B*C"],
  },
  {
    name: "tiles without their guard",
    scope: ["dim M", "io in 0..(M + 31) div 32", "ii in 0..4", "iv in 0..8"],
    goals: ["io*32 + ii*8 + iv < M"],
  },
  {
    name: "vectors of four without divisibility",
    scope: ["dim N", "v in 0..(N + 3) div 4", "l in 0..4"],
    goals: ["4*v + l < N"],
  },
  {
    name: "vectors of four where three divides",
    scope: ["dim N", "N % 3 == 0", "v in 0..(N + 3) div 4", "l in 0..4"],
    goals: ["4*v + l < N"],
  },
  { name: "recurrence, too deep", scope: ["dim T", "t in 0..T"], goals: ["t - 2 >= -1", "t - 1 >= 0"] },
  { name: "grouped convolution, odd O", scope: ["dim O", "O >= 2", "o in 0..O"], goals: ["o div (O div 2) < 2"] },
  {
    name: "grouped convolution, one channel too many",
    scope: ["dim C O CG g", "C == g*CG", "O % g == 0", "g >= 1", "O div g >= 1", "o in 0..O", "c in 0..CG + 1"],
    goals: ["c + CG*(o div (O div g)) < C"],
  },
  {
    name: "grouped convolution, O not divisible",
    scope: ["dim C O CG g", "C == g*CG", "g >= 1", "O div g >= 1", "o in 0..O", "c in 0..CG"],
    goals: ["c + CG*(o div (O div g)) < C"],
  },
  {
    name: "pixel shuffle, wrong factor",
    scope: ["dim C", "c in 0..C div 4", "a in 0..2", "b in 0..3"],
    goals: ["c*4 + a*2 + b < C"],
  },
  {
    name: "pixel shuffle, rounded up",
    scope: ["dim C r", "r >= 1", "c in 0..(C + r*r - 1) div (r*r)", "a in 0..r", "b in 0..r"],
    goals: ["c*r*r + r*a + b < C"],
  },
  { name: "flatten, wrong sizes", scope: ["f in 0..257"], goals: ["f div 16 < 16"] },
  {
    name: "flatten, wrong remainder",
    scope: ["f in 0..256"],
    goals: ["f % 4 < 3", "(f div 4) % 5 < 4", "8*(f div 16) + 4*((f div 4) % 4) + f % 4 == f"],
  },
  {
    name: "flatten by symbolic sizes, swapped",
    scope: ["dim A B C", "f in 0..A*B*C", "B >= 1", "C >= 1"],
    goals: ["f div (B*C) < B", "(f div B) % B < C"],
  },
  {
    name: "transposed convolution without its guard",
    scope: ["dim H R s p", "s >= 1", "H >= 1", "2*p <= (H - 1)*s + R", "y in 0..(H - 1)*s + R - 2*p", "r in 0..R"],
    goals: ["(y + p - r) div s >= 0", "(y + p - r) div s < H", "s*((y + p - r) div s) == y + p - r"],
  },
  { name: "attention, not causal", scope: ["dim L", "i in 0..L", "j in 0..L"], goals: ["j <= i", "i - j >= 0"] },
  {
    name: "attention, strictly causal",
    scope: ["dim L", "i in 0..L", "j in 0..L", "j <= i"],
    goals: ["j < i", "i >= 1"],
  },
  {
    name: "sparse rows, pointers too far",
    scope: ["dim M1 Z", "M1 >= 1", "0 <= ptr_i < Z + 2", "0 <= ptr_i1 < Z + 2", "e in ptr_i..ptr_i1"],
    goals: ["e < Z"],
  },
  { name: "sparse rows, too many rows", scope: ["dim M1", "M1 >= 1", "i in 0..M1"], goals: ["i + 1 < M1"] },
  {
    name: "slice backwards, too long",
    scope: ["dim N", "s < 0", "a < 0", "a >= -N", "b >= 0", "b <= N + a", "i in 0..(a + N - b - s - 1) div (-s) + 1"],
    goals: ["a + N + s*i >= 0"],
  },
  {
    name: "slice backwards from the end",
    scope: ["dim N", "s < 0", "a <= 0", "a >= -N", "i in 0..(a + N - s - 1) div (-s)"],
    goals: ["a + N + s*i < N"],
  },
  { name: "rotary, odd D", scope: ["dim D", "D >= 2", "d in 0..D", "d < D div 2 + 1"], goals: ["d + D div 2 < D"] },
  { name: "neighbour, not clamped", scope: ["dim H", "0 <= y0 < H"], goals: ["y0 + 1 < H"] },
  {
    name: "neighbour, clamped one too far",
    scope: ["dim H", "H >= 1", "0 <= y0 < H"],
    goals: ["min(y0 + 1, H) < H", "min(y0 + 1, H - 1) >= 1"],
  },
  {
    name: "resize, corner beyond",
    scope: ["dim H Ho", "Ho >= 2", "H >= 1", "y in 0..Ho + 1"],
    goals: ["(y*(H - 1)) div (Ho - 1) < H"],
  },
  {
    name: "grouped queries, not divisible",
    scope: ["dim H G", "G >= 1", "H >= G", "h in 0..H"],
    goals: ["h div (H div G) < G"],
  },
  { name: "clamp to an empty range", scope: ["dim V"], goals: ["clamp(x, 0, V - 1) < V && clamp(x, 0, V - 1) >= 0"] },
  { name: "negative gather, unguarded", scope: ["dim V", "-V <= id < V"], goals: ["id + V < V", "id >= 0"] },
  { name: "concat, right part unguarded", scope: ["dim N M", "i in 0..N + M"], goals: ["i - N >= 0", "i < N"] },
  { name: "split beyond", scope: ["dim N n", "i in 0..N"], goals: ["i + n < N"] },
  { name: "reverse, off by one", scope: ["dim T", "t in 0..T"], goals: ["T - t < T", "T - 2 - t >= 0"] },
  { name: "inverse 3 x 3, off by one", scope: ["i in 0..3"], goals: ["(i + 1) % 3 < 2", "(i + 1) % 3 >= 1"] },
  {
    name: "butterfly, half the blocks",
    scope: ["dim N S", "S >= 1", "N % S == 0", "i in 0..N"],
    goals: ["(i div (2*S))*(2*S) + i % S + S < N"],
  },
  { name: "an image that may be empty", scope: ["dim B H W"], goals: ["B*H*W >= 1", "B*H*W != 0"] },
  {
    name: "wavefront without its guard",
    scope: ["dim M N", "d in 0..M + N + 1", "i in 0..M + 1"],
    goals: ["d - i >= 0", "i - 1 >= 0", "d - i - 1 < N"],
  },
  {
    name: "space to depth, not divisible",
    scope: ["dim H b", "b >= 1", "y in 0..(H + b - 1) div b", "r in 0..b"],
    goals: ["y*b + r < H"],
  },
  {
    name: "tail tile that overlaps, short vector",
    scope: ["dim N", "t in 0..(N + 7) div 8", "l in 0..8"],
    goals: ["min(8*t, N - 8) + l >= 0"],
  },
  {
    name: "channels in blocks of sixteen, not padded",
    scope: ["dim C H W", "c in 0..C", "y in 0..H", "x in 0..W"],
    goals: ["((((c div 16)*H + y)*W + x)*16) + c % 16 < C*H*W"],
  },
  { name: "equal dims, not stated", scope: ["dim K K2", "k in 0..K"], goals: ["k < K2", "K == K2"] },
  { name: "products of unknown sign", scope: ["x <= 5", "y <= 5"], goals: ["x*y <= 25", "x*y >= 0"] },
  { name: "a square root bound", scope: ["dim N", "x*x <= N"], goals: ["x < N", "x >= 0"] },
  { name: "half of it", scope: ["dim N"], goals: ["N div 2 < N", "2*(N div 2) == N"] },
  {
    name: "a divisor that may be negative",
    scope: ["dim N", "d != 0", "i in 0..N"],
    goals: ["i div d >= 0", "i % d >= 0"],
  },
  { name: "a divisor that may be zero", scope: ["dim N"], goals: ["N != 0", "N - 1 >= 0"] },
];
