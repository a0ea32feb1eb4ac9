/**
 * The file: YAML, of which JSON is a part. It is walked as a tree and not turned into an
 * object, so that each problem can name its line and column.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import {
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml'
import { FIELDS, SECTIONS } from './fields.ts'
import { nearKey, unknownKey, type Layer, type RawSetting } from './layer.ts'

/** Reads the file; the only I/O of this folder. Throws what the machine throws. */
export function readConfigFile(path: string): string {
  return readFileSync(path, 'utf8')
}

/** Reads the text of a file. `path` is only for messages. */
export function fileLayer(path: string, text: string): Layer {
  return new FileReader(path, text).read()
}

class FileReader {
  readonly #path: string
  readonly #lines = new LineCounter()
  readonly #document: Document.Parsed
  readonly #settings: RawSetting[] = []
  readonly #problems: string[] = []

  constructor(path: string, text: string) {
    this.#path = path
    this.#document = parseDocument(text, { lineCounter: this.#lines })
  }

  read(): Layer {
    const { errors, warnings, contents } = this.#document
    for (const { code, pos } of [...errors, ...warnings]) {
      // The message of an error may quote the text, which may be a secret; its code does not.
      const what = code.toLowerCase().replaceAll('_', ' ')
      this.#problems.push(`${this.#at(pos[0])} is not valid YAML (${what})`)
    }
    // What follows a mistake in the form is read wrongly, and would only add false problems.
    if (this.#problems.length === 0) this.#readRoot(contents)
    return { origin: 'file', settings: this.#settings, problems: this.#problems }
  }

  #readRoot(root: Node | null): void {
    if (isMap(root)) this.#readMap(root, [])
    else if (root !== null && !isEmpty(root)) {
      this.#problems.push(`${this.#where(root)} must hold options as "key: value"`)
    }
  }

  #readMap(map: YAMLMap, path: readonly string[]): void {
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : 'a key that is not text'
      this.#readEntry([...path, name].join('.'), this.#resolved(value), key)
    }
  }

  #readEntry(key: string, value: Node | null, keyNode: unknown): void {
    const label = `${key} (${this.#where(keyNode)})`
    const field = FIELDS.find((candidate) => candidate.key === key)
    if (field !== undefined) {
      const raw = isSeq(value) ? value.items.map((item) => this.#itemOf(item)) : valueOf(value)
      this.#settings.push({ field, raw, label })
    } else if (!SECTIONS.has(key)) {
      this.#problems.push(unknownKey(label, nearKey(key)))
    } else if (isMap(value)) {
      this.#readMap(value, key.split('.'))
    } else if (!isEmpty(value)) {
      this.#problems.push(`${label} must hold options as "key: value"`)
    }
  }

  #itemOf(item: unknown): unknown {
    return valueOf(this.#resolved(item))
  }

  #resolved(node: unknown): Node | null {
    const found = isAlias(node) ? node.resolve(this.#document) : node
    return (found ?? null) as Node | null
  }

  #where(node: unknown): string {
    return this.#at((node as Node | null)?.range?.[0] ?? 0)
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset)
    return `${this.#path}:${line}:${col}`
  }
}

/** Says whether nothing is there, as when every line under a key is commented out. */
function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null)
}

/** What a node holds; of a table, or a list in a list, only that it is one, since no field takes either. */
function valueOf(node: Node | null): unknown {
  if (node === null) return null
  if (isScalar(node)) return node.value
  return isMap(node) ? {} : []
}
