/** Any time that a timer can wait will do, in milliseconds. */
const FOR_LONG_MS = 2 ** 30

/** Keeps this process alive until `work` is done, though nothing that it waits for may do so. */
export async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, FOR_LONG_MS)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
