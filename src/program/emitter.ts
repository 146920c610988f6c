/** Listens to one kind of event. What it returns is not used; a rejected promise counts as thrown. */
export type Listener<Payload> = (event: Payload) => void

/**
 * Typed events whose listeners can't break whoever emits them: what a listener throws becomes an
 * `'error'` event, and nobody has to listen to that one.
 */
export class Emitter<Events extends { error: { readonly error: unknown } }> {
  readonly #listeners = new Map<keyof Events, Map<Listener<never>, Listener<never>>>()

  /**
   * Calls `listener` for every event of that name. Adding it twice calls it once.
   *
   * @returns Takes the listener off again.
   */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    return this.#add(name, listener, listener)
  }

  /** Like {@link Emitter.on}, for the next event only. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    return this.#add(name, listener, (event) => {
      this.off(name, listener)
      return listener(event)
    })
  }

  /** Takes a listener off; one that is not there is no error. */
  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#listeners.get(name)?.delete(listener)
  }

  /** Somebody listens, so it is worth finding out what to tell. */
  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  /** Takes all listeners off. */
  clear(): void {
    this.#listeners.clear()
  }

  /** Tells the listeners in the order in which they came. Never throws. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of Array.from(this.#listeners.get(name)?.values() ?? [])) {
      try {
        const returned: unknown = (listener as Listener<Events[Name]>)(event)
        if (returned instanceof Promise) returned.catch((error: unknown) => this.#fail(name, error))
      } catch (error) {
        this.#fail(name, error)
      }
    }
  }

  #add<Name extends keyof Events>(
    name: Name,
    key: Listener<Events[Name]>,
    listener: Listener<Events[Name]>,
  ): () => void {
    const known = this.#listeners.get(name) ?? new Map<Listener<never>, Listener<never>>()
    known.set(key, listener)
    this.#listeners.set(name, known)
    return () => this.off(name, key)
  }

  #fail(name: keyof Events, error: unknown): void {
    // A listener for errors that fails has nobody left to tell.
    if (name !== 'error') this.emit('error', { error })
  }
}
