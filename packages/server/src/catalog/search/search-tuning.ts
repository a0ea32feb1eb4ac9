/** What the ways to answer a search cost beside each other, as measured among half a million resources. */
export interface SearchTuning {
  /** Rows that are looked at without a second thought. */
  readonly few: number
  /** A row that is judged costs as much as so many values. */
  readonly rowCost: number
  /** A row that is met on a walk through all of them costs as much as so many that a value leads to. */
  readonly walkCost: number
  /** Rows or values that are taken from an order before others may change it. */
  readonly batch: number
}

export const SEARCH_TUNING: SearchTuning = { few: 500, rowCost: 8, walkCost: 8, batch: 128 }
