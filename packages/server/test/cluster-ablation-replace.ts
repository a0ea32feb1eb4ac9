/**
 * Puts other code in the place of production code for one test, and the right one back.
 *
 * Not a spy of the test runner: those keep every call, and a run of the simulator makes millions.
 *
 * @module
 */

const undo: (() => void)[] = []

/** Replaces a method of a prototype, or a function that a module gives to others. */
export function replace<T extends object, K extends keyof T>(
  target: T,
  name: K,
  make: (original: T[K]) => T[K],
): void {
  const found = descriptorOf(target, name)
  const made = make(target[name])
  // What a module gives is read through getters.
  define(target, name, found.get ? { ...found, get: () => made } : { ...found, value: made })
}

/** Replaces a getter of a prototype. */
export function replaceGetter<T extends object, K extends keyof T>(
  target: T,
  name: K,
  make: (original: (this: T) => T[K]) => (this: T) => T[K],
): void {
  const found = descriptorOf(target, name) as Accessor<T, T[K]>
  define(target, name, { ...found, get: make(found.get) })
}

interface Accessor<T, V> extends Omit<PropertyDescriptor, 'get'> {
  readonly get: (this: T) => V
}

function define(target: object, name: PropertyKey, made: PropertyDescriptor): void {
  const found = descriptorOf(target, name)
  Object.defineProperty(target, name, made)
  undo.push(() => {
    Object.defineProperty(target, name, found)
  })
}

function descriptorOf(target: object, name: PropertyKey): PropertyDescriptor {
  const found = Object.getOwnPropertyDescriptor(target, name)
  if (!found) throw new Error(`there is no ${String(name)} to take away`)
  return found
}

/** Puts everything back. */
export function restoreAll(): void {
  for (const step of undo.splice(0).toReversed()) step()
}
