/** How long a line waits for the same from other ranks. */
const WINDOW = 100 // ms
/** Letters that may wait. */
const MOST = 256 * 1024

interface Group {
  text: string
  ranks: number[]
}

/** Puts equal lines of several ranks together; each rank's lines stay in their order. */
export class Fold {
  readonly #print: (ranks: number[], text: string) => void
  #groups: Group[] = []
  /** Of each rank, where its newest line is. */
  readonly #newest = new Map<number, number>()
  #letters = 0
  #timer: NodeJS.Timeout | null = null

  /** @param print is given the ranks in the order in which they said it. */
  constructor(print: (ranks: number[], text: string) => void) {
    this.#print = print
  }

  add(rank: number, text: string): void {
    const after = this.#newest.get(rank) ?? -1
    const at = this.#groups.findIndex((group, i) => i > after && group.text === text)
    if (at >= 0) this.#groups[at].ranks.push(rank)
    else this.#groups.push({ text, ranks: [rank] })
    this.#newest.set(rank, at >= 0 ? at : this.#groups.length - 1)
    if (at < 0) this.#letters += text.length + 1
    this.#timer ??= setTimeout(() => this.flush(), WINDOW)
    if (this.#letters > MOST) this.flush()
  }

  flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const groups = this.#groups
    this.#groups = []
    this.#newest.clear()
    this.#letters = 0
    for (const { ranks, text } of groups) this.#print(ranks, text)
  }
}
