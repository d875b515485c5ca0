/** A Huffman code as a DHT segment writes it, and as an encoder needs it (ISO 10918-1 §C.2). */
export interface HuffmanCode {
  /** Number of codes of 1 to 16 bits. */
  readonly counts: readonly number[];
  /** In the order of their codes. */
  readonly symbols: readonly number[];
  /** By symbol. */
  readonly codes: readonly number[];
  readonly lengths: readonly number[];
}

const lengthMax = 16;

/** The shortest code for symbols that come as often as `frequencies` says; the code of ones alone is not used (§C.2). */
export function buildHuffmanCode(frequencies: readonly number[]): HuffmanCode {
  const used = frequencies.flatMap((count, symbol) => (count > 0 ? [symbol] : []));
  let weights = used.map((symbol) => frequencies[symbol]!);
  let depths = treeDepths([...weights, 0]);
  while (Math.max(...depths) > lengthMax) {
    weights = weights.map((weight) => Math.ceil(weight / 2));
    depths = treeDepths([...weights, 0]);
  }
  // The last leaf stands for the code of ones: of the longest codes, it comes last and is left out.
  const order = used
    .map((symbol, n) => ({ symbol, length: depths[n]! }))
    .sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const counts = Array.from({ length: lengthMax }, () => 0);
  const codes: number[] = [];
  const lengths: number[] = [];
  let code = 0;
  let previous = 0;
  for (const { symbol, length } of order) {
    code <<= length - previous;
    previous = length;
    codes[symbol] = code++;
    lengths[symbol] = length;
    counts[length - 1]!++;
  }
  return { counts, symbols: order.map(({ symbol }) => symbol), codes, lengths };
}

interface Tree {
  readonly weight: number;
  readonly leaves: readonly number[];
}

/** Depth of each leaf when the two lightest trees are joined again and again. Of equally light ones the later leaf is the deeper. */
function treeDepths(weights: readonly number[]): number[] {
  const depths = weights.map(() => 0);
  let trees: Tree[] = weights.map((weight, leaf) => ({ weight, leaves: [leaf] }));
  while (trees.length > 1) {
    trees = trees.sort((a, b) => a.weight - b.weight);
    const [first, second, ...rest] = trees as [Tree, Tree, ...Tree[]];
    const leaves = [...first.leaves, ...second.leaves];
    for (const leaf of leaves) depths[leaf]!++;
    trees = [{ weight: first.weight + second.weight, leaves }, ...rest];
  }
  return depths;
}
