export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Which parts of an area are taken, in cells: to ask costs by the size of the box, not by the number of those there. */
export class Occupancy {
  readonly #cells: Uint8Array
  readonly #columns: number
  readonly #rows: number
  readonly #cell: number

  constructor (width: number, height: number, cell: number) {
    this.#cell = cell
    this.#columns = Math.ceil(width / cell)
    this.#rows = Math.ceil(height / cell)
    this.#cells = new Uint8Array(this.#columns * this.#rows)
  }

  /** Whether the box lies within the area and nothing is there. */
  isFree (box: Box): boolean {
    const { left, top, right, bottom } = this.#cellsOf(box)
    if (left < 0 || top < 0 || right > this.#columns || bottom > this.#rows) return false
    for (let row = top; row < bottom; row++) {
      const start = row * this.#columns
      if (this.#cells.subarray(start + left, start + right).includes(1)) return false
    }
    return true
  }

  /** What lies beyond the area is left out. */
  take (box: Box): void {
    const { left, top, right, bottom } = this.#cellsOf(box)
    for (let row = Math.max(0, top); row < Math.min(bottom, this.#rows); row++) {
      const start = row * this.#columns
      this.#cells.fill(1, start + Math.max(0, left), start + Math.max(0, Math.min(right, this.#columns)))
    }
  }

  #cellsOf ({ left, top, right, bottom }: Box): Box {
    return {
      left: Math.floor(left / this.#cell),
      top: Math.floor(top / this.#cell),
      right: Math.ceil(right / this.#cell),
      bottom: Math.ceil(bottom / this.#cell)
    }
  }
}
