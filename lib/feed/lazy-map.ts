/** A map that is made when somebody first looks into it: of most nobody ever does. */
export class LazyMap<Key, Value> implements ReadonlyMap<Key, Value> {
  readonly #make: () => ReadonlyMap<Key, Value>
  #made: ReadonlyMap<Key, Value> | null = null

  constructor (make: () => ReadonlyMap<Key, Value>) {
    this.#make = make
  }

  get size (): number {
    return this.#map.size
  }

  get (key: Key): Value | undefined {
    return this.#map.get(key)
  }

  has (key: Key): boolean {
    return this.#map.has(key)
  }

  forEach (take: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.#map) take(value, key, this)
  }

  entries (): MapIterator<[Key, Value]> {
    return this.#map.entries()
  }

  keys (): MapIterator<Key> {
    return this.#map.keys()
  }

  values (): MapIterator<Value> {
    return this.#map.values()
  }

  [Symbol.iterator] (): MapIterator<[Key, Value]> {
    return this.#map.entries()
  }

  get #map (): ReadonlyMap<Key, Value> {
    this.#made ??= this.#make()
    return this.#made
  }
}
